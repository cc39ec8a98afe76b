// What a shard needs from whoever owns its thread.
#pragma once

#include <chrono>
#include <functional>

namespace carillon {

/// The thread, or the strand, that a shard lives on: it runs one task at a time. The server
/// implements it with its own loop; an embedder with a loop of theirs implements these five calls.
/// An executor may outlive the hub: tasks that it still holds then do nothing when they run.
class executor {
public:
    using task = std::function<void()>;
    using clock = std::chrono::steady_clock;

    virtual ~executor() = default;
    /// Runs `t` on the shard's thread, soon. Called from any thread.
    virtual void post(task t) = 0;
    /// Runs `t` on the shard's thread after the I/O that is ready now was handled; tasks deferred
    /// by a deferred task run in the next turn, so that I/O gets its share. Called on the shard's
    /// thread.
    virtual void defer(task t) = 0;
    /// Runs `t` once after `delay`. Called on the shard's thread.
    virtual void call_after(clock::duration delay, task t) = 0;
    /// Whether the caller runs as one of this executor's tasks, or may act as one because none can
    /// run meanwhile. Called from any thread.
    virtual bool is_here() const = 0;
    /// The time; may be as old as the current turn.
    virtual clock::time_point now() const = 0;
};

}  // namespace carillon
