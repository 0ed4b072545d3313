#include "sync/result.hpp"

namespace satchel {

std::string_view name(ErrorCode code) {
    switch (code) {
        case ErrorCode::ok:
            return "ok";
        case ErrorCode::invalid_argument:
            return "invalid_argument";
        case ErrorCode::not_found:
            return "not_found";
        case ErrorCode::busy:
            return "busy";
        case ErrorCode::disk_full:
            return "disk_full";
        case ErrorCode::read_only:
            return "read_only";
        case ErrorCode::corrupt:
            return "corrupt";
        case ErrorCode::not_a_database:
            return "not_a_database";
        case ErrorCode::wrong_key:
            return "wrong_key";
        case ErrorCode::newer_format:
            return "newer_format";
        case ErrorCode::offline:
            return "offline";
        case ErrorCode::time_out:
            return "time_out";
        case ErrorCode::cancelled:
            return "cancelled";
        case ErrorCode::unauthorized:
            return "unauthorized";
        case ErrorCode::forbidden:
            return "forbidden";
        case ErrorCode::limit:
            return "limit";
        case ErrorCode::bad_reply:
            return "bad_reply";
        case ErrorCode::upgrade_needed:
            return "upgrade_needed";
        case ErrorCode::server_error:
            return "server_error";
        case ErrorCode::io:
            return "io";
        case ErrorCode::internal:
            return "internal";
    }
    return "internal";
}

}  // namespace satchel
