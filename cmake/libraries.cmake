# The libraries of the system, each under one target name. Folders link the names on the right:
#
#   CMake's own      Threads::Threads CURL::libcurl OpenSSL::SSL OpenSSL::Crypto spdlog::spdlog
#                    fmt::fmt CLI11::CLI11 nlohmann_json::nlohmann_json
#   named here       satchel::msgpack satchel::sodium satchel::microhttpd satchel::utf8proc
#                    satchel::zstd

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(CLI11 2 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)

function(satchel_pkg_config_library name module)
    pkg_check_modules(${name} REQUIRED QUIET IMPORTED_TARGET ${module})
    add_library(satchel::${name} ALIAS PkgConfig::${name})
endfunction()

satchel_pkg_config_library(sodium libsodium)
satchel_pkg_config_library(microhttpd libmicrohttpd)
satchel_pkg_config_library(utf8proc libutf8proc)
satchel_pkg_config_library(zstd libzstd)

# The package's own CMake target drags in Boost, which the headers do not need.
find_path(MSGPACK_INCLUDE_DIR msgpack.hpp REQUIRED)
add_library(satchel_msgpack INTERFACE)
add_library(satchel::msgpack ALIAS satchel_msgpack)
target_include_directories(satchel_msgpack SYSTEM INTERFACE ${MSGPACK_INCLUDE_DIR})
target_compile_definitions(satchel_msgpack INTERFACE MSGPACK_NO_BOOST)
