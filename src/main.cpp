#include "bench/bench.hpp"
#include "server/commands.hpp"
#include "server/console.hpp"

#include <string_view>

// Read by jemalloc at the start. An event is made on one thread and freed on another; arenas beyond
// the few threads that do so would only keep memory. Its own thread gives back what has not been
// used for a second.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "background_thread:true,narenas:4,dirty_decay_ms:1000,muzzy_decay_ms:0";
}

int main(int argc, char** argv) {
    carillon::server::open_standard_files();
    if (argc > 1 && std::string_view(argv[1]) == "bench")
        return carillon::bench::run(argc - 1, argv + 1);
    return carillon::server::run(argc, argv);
}
