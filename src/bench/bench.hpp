// `carillon bench`: speed and memory of a server, beside the floor, with every delivery checked.
#pragma once

namespace carillon::bench {

/// Runs the command. `argv[0]` is the command's own name, the rest its arguments; see `carillon
/// bench --help`. Returns the process's exit code: 0, 1 if a delivery was lost, doubled or out of
/// order or a case failed, 2 for arguments that make no sense. A missed target is in the report and
/// no failure. Call while this process has one thread: it forks.
int run(int argc, char** argv);

}  // namespace carillon::bench
