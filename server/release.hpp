// The release of this program, from the one place that states it: project() in CMakeLists.txt.
#pragma once

namespace satchel::server {

constexpr const char* kRelease = SATCHEL_RELEASE;

}  // namespace satchel::server
