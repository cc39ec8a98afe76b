// How the cost of a call grows with its input.
#pragma once

#include <algorithm>
#include <ctime>
#include <limits>

namespace carillon::testing {

/// CPU time of this thread, in seconds: what others do on the machine is not counted.
inline double thread_cpu_time() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// What `call(large)` costs as a multiple of what `call(small)` costs; the best of some runs each.
template <class Call, class Input>
double cpu_growth(Call&& call, const Input& small, const Input& large) {
    const auto best = [&](const Input& in) {
        double least = std::numeric_limits<double>::max();
        for (int i = 0; i < 3; ++i) {
            const double begun = thread_cpu_time();
            call(in);
            least = std::min(least, thread_cpu_time() - begun);
        }
        return least;
    };
    call(large);  // caches and pages
    const double one = best(small);
    return best(large) / one;
}

}  // namespace carillon::testing
