#include "support/scarce_memory.hpp"

#include <atomic>
#include <cstdlib>
#include <new>
#include <thread>

namespace carillon::testing {

namespace {

std::atomic<std::thread::id> client;
std::atomic<bool> counts = false;
std::atomic<int> plenties = 0;
std::atomic<std::uint64_t> allocated = 0;
std::atomic<std::uint64_t> fails_at = 0;

[[maybe_unused]] bool may_have() noexcept {
    if (!counts || plenties != 0 || std::this_thread::get_id() == client.load()) return true;
    return ++allocated != fails_at;
}

}  // namespace

scarce_memory::scarce_memory(threads whose) {
    client = whose == threads::others ? std::this_thread::get_id() : std::thread::id();
    counts = true;
}
scarce_memory::~scarce_memory() { counts = false; }

scarce_memory::plenty::plenty() { ++plenties; }
scarce_memory::plenty::~plenty() { --plenties; }

void scarce_memory::fail_at(std::uint64_t nth) {
    fails_at = 0;
    allocated = 0;
    fails_at = nth;
}

std::uint64_t scarce_memory::allocations() const { return allocated; }

}  // namespace carillon::testing

#ifndef CARILLON_MEMORY_IS_THE_CHECKERS
// Every form that is not replaced here calls one of these.
void* operator new(std::size_t size) {
    void* const got = carillon::testing::may_have() ? std::malloc(size == 0 ? 1 : size) : nullptr;
    if (got == nullptr) throw std::bad_alloc();
    return got;
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif
