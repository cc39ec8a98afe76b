// The members of a metadata object, as far as they can be compared.
#pragma once

#include <carillon/hub/identity.hpp>

#include <string_view>
#include <vector>

namespace carillon {

/// The members of a JSON object whose values are strings, numbers or booleans, the latter two in
/// their own spelling. Members of other kinds are left out; so is what follows a mistake, if `text`
/// is no JSON.
std::vector<attribute> attributes_of(std::string_view text);

}  // namespace carillon
