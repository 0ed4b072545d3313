# satchel::sqlite: SQLite3 Multiple Ciphers, compiled from the pinned source that
# scripts/fetch-sqlite.sh keeps in the user's cache. Newer than the distribution's SQLite (whose
# write-ahead log can lose commits when several connections share a file), and encrypts at rest.

option(SATCHEL_SYSTEM_SQLITE "Use the system's SQLite, without encryption at rest" OFF)

add_library(satchel_sqlite INTERFACE)
add_library(satchel::sqlite ALIAS satchel_sqlite)

if(SATCHEL_SYSTEM_SQLITE)
    find_package(SQLite3 3.40 REQUIRED)
    message(WARNING "Using the system's SQLite ${SQLite3_VERSION}: encryption at rest is off.")
    target_link_libraries(satchel_sqlite INTERFACE SQLite::SQLite3)
    target_compile_definitions(satchel_sqlite INTERFACE SATCHEL_SYSTEM_SQLITE)
    return()
endif()

execute_process(
    COMMAND ${PROJECT_SOURCE_DIR}/scripts/fetch-sqlite.sh
    OUTPUT_VARIABLE sqlite_source_dir OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)

add_library(satchel_sqlite3mc STATIC ${sqlite_source_dir}/sqlite3.c)
target_include_directories(satchel_sqlite3mc SYSTEM PUBLIC ${sqlite_source_dir})
target_compile_definitions(satchel_sqlite3mc
    PUBLIC
        SQLITE_ENABLE_SNAPSHOT # also shows the declarations in sqlite3.h
        SQLITE_ENABLE_COLUMN_METADATA
    PRIVATE
        SQLITE_ENABLE_FTS5
        SQLITE_DQS=0 # "text" in double quotes is a name, never a string
        SQLITE_THREADSAFE=2 # a connection belongs to one thread at a time
        SQLITE_DEFAULT_MEMSTATUS=0)
# Always optimised, also where our own code is not.
target_compile_options(satchel_sqlite3mc PRIVATE -w -O2 -g0)
target_link_libraries(satchel_sqlite3mc PUBLIC Threads::Threads ${CMAKE_DL_LIBS} m)
target_link_libraries(satchel_sqlite INTERFACE satchel_sqlite3mc)
