// Account: which server and person a replica belongs to, kept in the replica's own settings.
//
//     login(*replica, transport, {"https://sync.example.com", "li.wei", password, "phone"});
//     account(*replica)->name            // "李伟"
//
// A file belongs to one person of one workspace until a log-out has emptied it: its journal is
// theirs. Logging in again as the same person goes on where it stood.
//
// Threads: as Replica. Errors: unauthorized (wrong password), forbidden (another person's file, a
// disabled account), those of Transport and of the replica; nothing is stored after one.
#pragma once

#include <string>

#include "client/cancel.hpp"
#include "client/curl_transport.hpp"
#include "client/http_answer.hpp"
#include "client/transport.hpp"
#include "storage/replica.hpp"

namespace satchel::client {

struct Account {
    std::string url;    // of the server, without a slash at its end; "": never logged in
    std::string token;  // "": log in (again)
    std::string user;   // RecordId as text
    std::string login;
    std::string name;
    std::string role;  // rep, manager, director, admin
    std::string workspace;
    std::string device_name;

    bool logged_in() const { return !token.empty(); }
};

struct LoginRequest {
    std::string url;  // as typed; see server_url()
    std::string login;
    std::string password;
    std::string device_name{};
    SteadyTime deadline = SteadyTime::max();
};

Result<Account> account(storage::Replica& replica);

// unauthorized, with what to do: nobody has ever logged in, or the log-in has ended.
Status check_logged_in(const Account& account);

Result<Account> login(storage::Replica& replica, Transport& transport, const LoginRequest& request,
                      CancelToken* cancel = nullptr);

// This machine's name: what head office lists a device as when nobody says otherwise.
std::string machine_name();

// Forgets the token: the next sync says unauthorized without asking the server.
Status forget_token(storage::Replica& replica);
// Forgets person and workspace too, after the file was emptied; the server's address stays.
Status forget_account(storage::Replica& replica);

// How to reach the server: CA file, pinned key, proxy. Kept beside the account.
Result<CurlOptions> connection(storage::Replica& replica);
Status set_connection(storage::Replica& replica, const CurlOptions& options);

// Exchanges and judges; `answer` tells more when it fails. At most one megabyte comes back.
Result<HttpReply> ask(Transport& transport, const HttpRequest& request, CancelToken& cancel,
                      HttpAnswer* answer = nullptr);

}  // namespace satchel::client
