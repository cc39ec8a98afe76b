#include "hub/visibility.hpp"

#include "hub/attributes.hpp"

#include <algorithm>

namespace carillon {

grants_ptr grant_table::intern(const grant_set& grants) {
    if (grants.subscribe.empty()) return nullptr;
    grant_set key = grants;
    key.normalise();
    const auto found = known_.find(key);
    if (found != known_.end()) {
        if (auto known = found->second.lock()) return known;
        known_.erase(found);
    }
    if (known_.size() >= forget_at_) forget_unused();
    auto made = std::make_shared<const numbered_grants>(numbered_grants{key, ++last_number_});
    known_.emplace(std::move(key), made);
    return made;
}

// Each set is looked at once for each that was added: interning stays logarithmic on average.
void grant_table::forget_unused() {
    std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
    forget_at_ = std::max<std::size_t>(64, 2 * known_.size());
}

std::shared_ptr<const event_filter> filter_table::intern(const event_filter& filter) {
    if (const auto found = known_.find(filter); found != known_.end()) return *found;
    if (known_.size() >= forget_at_) {
        std::erase_if(known_, [](const filter_ptr& f) { return f.use_count() == 1; });
        forget_at_ = std::max<std::size_t>(64, 2 * known_.size());
    }
    return *known_.insert(std::make_shared<const event_filter>(filter)).first;
}

bool visibility_memo::granted(const numbered_grants& to, const event& e) {
    verdict& known = verdicts_[to.number % verdicts_.size()];
    if (known.number != to.number) {
        const bool shown =
            std::ranges::any_of(e.topics, [&](const topic& t) { return to.grants.may_see(t); });
        known = {to.number, shown};
    }
    return known.shown;
}

const std::vector<attribute>& visibility_memo::metadata(const event& e) {
    if (!metadata_) metadata_ = attributes_of(e.metadata);
    return *metadata_;
}

bool passes(const event_filter& filter, const event& e, visibility_memo& memo) {
    const auto allows = [](const std::vector<std::string>& names, std::string_view name) {
        return names.empty() || std::ranges::find(names, name) != names.end();
    };
    // The hub's own words about events are no events that anybody filters.
    const std::string_view name = e.name ? std::string_view(e.name->str()) : "message";
    if (name.starts_with("carillon.")) return true;
    if (!allows(filter.names, name) || !allows(filter.kinds, e.kind)) return false;
    return std::ranges::all_of(filter.metadata, [&](const attribute& wanted) {
        return std::ranges::find(memo.metadata(e), wanted) != memo.metadata(e).end();
    });
}

bool meets_conditions(const viewer& v, const event& e) {
    return std::ranges::all_of(e.topics, [&](const topic& t) {
        if (!is_condition_topic(t.str())) return true;
        return v.who != nullptr &&
               v.who->any_attribute([&](std::string_view name, std::string_view value) {
                   return condition_topic({std::string(name), std::string(value)}) == t;
               });
    });
}

}  // namespace carillon
