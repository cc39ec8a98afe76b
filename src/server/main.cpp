#include "server/commands.hpp"

int main(int argc, char** argv) { return carillon::server::run(argc, argv); }
