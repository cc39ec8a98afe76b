#include <carillon/hub/local_stream.hpp>
#include <carillon/wire/parser.hpp>

#include "hub/shard_impl.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace carillon {

namespace {

std::atomic<std::size_t> next_shard{0};

const stream_profile& default_profile() {
    static const stream_profile profile{.name = "local"};
    return profile;
}

}  // namespace

/// The connection: used by the shard, read by anybody.
class local_stream::state final : public connection,
                                  public std::enable_shared_from_this<state>,
                                  private wire::parser_listener {
public:
    state(shard::impl& home, local_stream_limits most) : home_(home), most_(most) {}

    // On the shard's thread.
    void start(stream_request asked) {
        if (abandoned()) return;
        asked.out = this;
        if (asked.profile == nullptr) asked.profile = &default_profile();
        self_ = shared_from_this();
        auto opened = home_.open(std::move(asked));
        // The hub may have closed it meanwhile.
        if (!opened && self_) return fail_with(opened.error());
        if (opened) subscriber_ = *opened;
    }
    void stop() {
        const auto last = std::move(self_);
        if (subscriber_ != nullptr) home_.remove(*std::exchange(subscriber_, nullptr));
    }
    void fail_with(error why) {
        const auto last = std::move(self_);
        {
            const std::lock_guard lock(mutex_);
            refused_ = std::move(why);
            ended_ = close_reason::unavailable;
        }
        tell();
    }

    std::ptrdiff_t write(std::span<const iovec> slices) override {
        std::size_t taken = 0;
        for (const iovec& slice : slices) {
            if (full()) break;
            // It would hear nothing of what follows.
            if (!parser_.feed({static_cast<const char*>(slice.iov_base), slice.iov_len}))
                return broken;
            taken += slice.iov_len;
        }
        tell();
        return static_cast<std::ptrdiff_t>(taken);
    }
    void close(close_reason why) override {
        const auto last = std::move(self_);
        subscriber_ = nullptr;
        {
            const std::lock_guard lock(mutex_);
            ended_ = why;
        }
        tell();
    }
    bool peer_silent_for(std::chrono::milliseconds) const override { return false; }
    std::string remote_address() const override { return {}; }

    // On any thread.
    std::optional<stream_message> next(std::chrono::milliseconds patience) {
        std::optional<stream_message> m;
        bool resumes = false;
        {
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, patience, [this] { return !queue_.empty() || ended_; });
            if (queue_.empty()) return m;
            m = std::move(queue_.front());
            queue_.pop_front();
            bytes_ -= m->data.size();
            // Not for each message: half of the room is worth a turn of the shard.
            resumes = blocked_ && queue_.size() <= most_.max_messages / 2 &&
                      bytes_ <= most_.max_bytes / 2;
            if (resumes) blocked_ = false;
        }
        if (resumes) {
            home_.post([kept = shared_from_this()] {
                if (kept->subscriber_ != nullptr) kept->home_.writable(*kept->subscriber_);
            });
        }
        return m;
    }
    void on_ready(std::function<void()> call) {
        const std::lock_guard lock(mutex_);
        ready_ = std::move(call);
    }
    std::optional<close_reason> ended() const {
        const std::lock_guard lock(mutex_);
        return queue_.empty() ? ended_ : std::nullopt;
    }
    result<> opened() const {
        const std::lock_guard lock(mutex_);
        if (refused_) return std::unexpected(*refused_);
        return {};
    }
    void abandon() {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
        ready_ = nullptr;
    }
    shard::impl& home() const noexcept { return home_; }

private:
    bool abandoned() const {
        const std::lock_guard lock(mutex_);
        return abandoned_;
    }
    bool full() {
        const std::lock_guard lock(mutex_);
        blocked_ = queue_.size() >= most_.max_messages || bytes_ >= most_.max_bytes;
        return blocked_;
    }
    void on_event(const wire::message& m) override {
        const std::lock_guard lock(mutex_);
        queue_.push_back({std::string(m.type), std::string(m.data), std::string(m.last_event_id)});
        bytes_ += m.data.size();
    }
    void tell() {
        std::function<void()> call;
        {
            const std::lock_guard lock(mutex_);
            if (queue_.empty() && !ended_) return;
            call = ready_;
        }
        changed_.notify_all();
        if (call) call();
    }

    shard::impl& home_;
    const local_stream_limits most_;

    // The shard's thread only.
    subscriber* subscriber_ = nullptr;
    std::shared_ptr<state> self_;  ///< while the shard may call
    wire::parser parser_{*this};

    mutable std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::deque<stream_message> queue_;
    std::size_t bytes_ = 0;
    bool blocked_ = false;
    bool abandoned_ = false;
    std::optional<close_reason> ended_;
    std::optional<error> refused_;
    std::function<void()> ready_;
};

std::unique_ptr<local_stream> local_stream::open(hub& on, stream_request asked,
                                                 local_stream_limits most) {
    const auto shards = on.shards();
    const std::size_t number = next_shard.fetch_add(1, std::memory_order_relaxed) % shards.size();
    auto s = std::make_shared<state>(shards[number]->inside(), most);
    s->home().post([s, asked = std::move(asked)] { s->start(asked); },
                   [s] { s->fail_with({errc::unavailable, "the hub is closed"}); });
    return std::unique_ptr<local_stream>(new local_stream(std::move(s)));
}

local_stream::~local_stream() {
    state_->abandon();
    state_->home().post([s = state_] { s->stop(); });
}

std::optional<stream_message> local_stream::next(std::chrono::milliseconds patience) {
    return state_->next(patience);
}
void local_stream::on_ready(std::function<void()> call) { state_->on_ready(std::move(call)); }
std::optional<close_reason> local_stream::ended() const { return state_->ended(); }
result<> local_stream::opened() const { return state_->opened(); }

}  // namespace carillon
