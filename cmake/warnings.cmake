# satchel_warnings: every target of ours links it PRIVATE.

add_library(satchel_warnings INTERFACE)
target_compile_options(satchel_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    $<$<BOOL:${SATCHEL_WERROR}>:-Werror>
    # GCC 12 warns about std::string's own operator+ (GCC bug 105651).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
