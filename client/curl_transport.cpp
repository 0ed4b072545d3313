#include "client/curl_transport.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "client/curl_failure.hpp"
#include "client/http_answer.hpp"
#include "client/messages.hpp"

namespace satchel::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMaxHeaderBytes = 64U << 10;  // ours have some 200
constexpr std::size_t kMaxHeaders = 100;
constexpr milliseconds kTimerSlack{20};  // libcurl's timers may fire this early
constexpr milliseconds kTick{1'000};     // how often progress is told while nothing moves

// OpenSSL writes to its socket without MSG_NOSIGNAL; a dead server must not end the process.
class NoBrokenPipe {
  public:
    NoBrokenPipe() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    NoBrokenPipe(const NoBrokenPipe&) = delete;
    NoBrokenPipe& operator=(const NoBrokenPipe&) = delete;
    ~NoBrokenPipe() {
        if (sigismember(&before_, SIGPIPE) == 1) return;
        const timespec none{};
        while (sigtimedwait(&pipe_, nullptr, &none) > 0) {
        }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

  private:
    sigset_t pipe_{};
    sigset_t before_{};
};

class HeaderList {
  public:
    HeaderList() = default;
    HeaderList(const HeaderList&) = delete;
    HeaderList& operator=(const HeaderList&) = delete;
    ~HeaderList() { curl_slist_free_all(list_); }
    void add(const std::string& line) {
        if (curl_slist* longer = curl_slist_append(list_, line.c_str())) list_ = longer;
    }
    curl_slist* list() const { return list_; }

  private:
    curl_slist* list_ = nullptr;
};

// What arrives, bounded while it does.
struct Arriving {
    HttpReply reply;
    std::size_t max_bytes = 0;
    std::size_t header_bytes = 0;
    std::size_t answers = 0;     // status lines so far, a proxy's too
    bool head_complete = false;  // libcurl takes a head that ends with the connection for whole
};

// The body on its way out. libcurl sends a request again by itself when a kept connection ends
// without an answer. One that must arrive once goes out again only after an answer, such as a
// proxy's 407.
struct Leaving {
    const HttpRequest& request;
    const Arriving& arriving;
    std::size_t at = 0;
    std::size_t answers = 0;  // that had come when it was sent the last time
};

std::size_t give_body(char* into, std::size_t size, std::size_t count, void* context) {
    auto& leaving = *static_cast<Leaving*>(context);
    const std::size_t given = leaving.request.body.copy(into, size * count, leaving.at);
    leaving.at += given;
    return given;
}

int rewind_body(void* context, curl_off_t offset, int origin) {
    auto& leaving = *static_cast<Leaving*>(context);
    const bool answered = leaving.arriving.answers > leaving.answers;
    if (origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_CANTSEEK;
    if (leaving.request.once && !answered) return CURL_SEEKFUNC_FAIL;
    leaving.answers = leaving.arriving.answers;
    leaving.at = 0;
    return CURL_SEEKFUNC_OK;
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* context) {
    auto& arriving = *static_cast<Arriving*>(context);
    if (size > arriving.max_bytes - arriving.reply.body.size()) return 0;
    arriving.reply.body.append(data, size);
    return size;
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* context) {
    auto& arriving = *static_cast<Arriving*>(context);
    const std::string_view line(data, size);
    arriving.header_bytes += size;
    if (arriving.header_bytes > kMaxHeaderBytes) return 0;
    if (line.starts_with("HTTP/")) {
        ++arriving.answers;
        arriving.reply.headers.clear();  // of 100, of a proxy's CONNECT
    }
    arriving.head_complete = trimmed(line).empty();
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || arriving.reply.headers.size() == kMaxHeaders)
        return size;
    std::string name(trimmed(line.substr(0, colon)));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    arriving.reply.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
    return size;
}

bool is_set(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

std::string proxy_of_environment(std::string_view url) {
    if (is_set("no_proxy") || is_set("NO_PROXY")) return {};
    const bool tls = url.starts_with("https:");
    for (const char* name :
         {tls ? "https_proxy" : "http_proxy", tls ? "HTTPS_PROXY" : "", "all_proxy", "ALL_PROXY"}) {
        if (const char* value = *name == '\0' ? nullptr : std::getenv(name)) return value;
    }
    return {};
}

// Name and port without the password.
std::string shown_proxy(const std::string& proxy) {
    const std::string host = host_of(proxy);
    return host.empty() ? proxy.substr(proxy.rfind('@') + 1) : host;
}

void set_up_request(CURL* easy, const HttpRequest& request, const HeaderList& headers,
                    Leaving& leaving) {
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.list());
    if (request.method == "GET") {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &give_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, &leaving);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &rewind_body);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, &leaving);
}

void set_up_times(CURL* easy, const HttpRequest& request, const CurlOptions& options) {
    const auto connect = std::max<long>(1, options.connect_time_out.count());
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect);
    const auto patience = std::chrono::ceil<std::chrono::seconds>(request.patience);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     static_cast<long>((options.silence + patience).count()));
    if (request.deadline == SteadyTime::max()) return;
    const auto left =
        std::chrono::duration_cast<milliseconds>(request.deadline - steady_clock::now());
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, std::max<long>(1, left.count()));
}

void set_up_line(CURL* easy, const HttpRequest& request, const CurlOptions& options) {
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // do not wait for a resolver that hangs
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
    if (!options.pinned_key.empty())
        curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, options.pinned_key.c_str());
    const bool direct =
        options.proxy == "direct" || (options.proxy.empty() && is_loopback(host_of(request.url)));
    if (direct || !options.proxy.empty()) {
        curl_easy_setopt(easy, CURLOPT_PROXY, direct ? "" : options.proxy.c_str());
        curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    }
    curl_easy_setopt(easy, CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_ANYSAFE | CURLAUTH_BASIC));
}

void set_up_arrival(CURL* easy, Arriving& arriving) {
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &arriving);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &arriving);
}

class ProgressTeller {
  public:
    ProgressTeller(CURL* easy, const HttpRequest& request) : easy_(easy), request_(request) {}

    void tell() {
        if (!request_.on_progress) return;
        curl_off_t sent = 0;
        curl_off_t received = 0;
        curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &sent);
        curl_easy_getinfo(easy_, CURLINFO_SIZE_DOWNLOAD_T, &received);
        const auto now = steady_clock::now();
        if (sent + received == told_ && now - at_ < kTick) return;
        told_ = sent + received;
        at_ = now;
        request_.on_progress(static_cast<std::size_t>(sent), static_cast<std::size_t>(received));
    }

  private:
    CURL* easy_;
    const HttpRequest& request_;
    curl_off_t told_ = 0;
    SteadyTime at_ = steady_clock::now();
};

// How long the poll may sleep. libcurl's own timer for the deadline may fire a moment early, find
// nothing to do, and then not come again.
int sleep_ms(SteadyTime deadline) {
    if (deadline == SteadyTime::max()) return static_cast<int>(kTick.count());
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    return static_cast<int>(std::clamp(left, milliseconds(1), kTick).count());
}

// Drives the transfer to its end; gives the CURLcode.
int run(CURLM* multi, SteadyTime deadline, ProgressTeller& progress, CancelToken& cancel) {
    int running = 1;
    while (!cancel.cancelled()) {
        if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
        progress.tell();
        if (running == 0) break;
        if (steady_clock::now() >= deadline) return CURLE_OPERATION_TIMEDOUT;
        curl_multi_poll(multi, nullptr, 0, sleep_ms(deadline), nullptr);
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
        if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    return CURLE_ABORTED_BY_CALLBACK;
}

CurlFailure describe(CURL* easy, int code, const HttpRequest& request, const CurlOptions& options) {
    CurlFailure failed;
    failed.code = code;
    failed.host = host_of(request.url);
    failed.max_bytes = request.max_reply_bytes;
    failed.deadline = steady_clock::now() + kTimerSlack >= request.deadline;
    if (failed.host.empty()) failed.host = request.url;
    if (options.proxy != "direct" && (!options.proxy.empty() || !is_loopback(failed.host)))
        failed.proxy =
            shown_proxy(options.proxy.empty() ? proxy_of_environment(request.url) : options.proxy);
    curl_off_t connect_time = 0;
    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &failed.verify_result);
    curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &failed.proxy_connect);
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connect_time);
    failed.connected = connect_time > 0;
    return failed;
}

}  // namespace

struct CurlTransport::Handles {
    CURLM* multi = curl_multi_init();
    CURL* easy = curl_easy_init();

    Handles() = default;
    Handles(const Handles&) = delete;
    Handles& operator=(const Handles&) = delete;
    ~Handles() {
        const NoBrokenPipe quiet;
        curl_easy_cleanup(easy);
        curl_multi_cleanup(multi);
    }
};

Result<std::unique_ptr<CurlTransport>> CurlTransport::make(CurlOptions options) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    auto handles = std::make_unique<Handles>();
    if (started != CURLE_OK || handles->multi == nullptr || handles->easy == nullptr)
        return {ErrorCode::internal, "libcurl does not start"};
    return std::unique_ptr<CurlTransport>(
        new CurlTransport(std::move(options), std::move(handles)));
}

CurlTransport::CurlTransport(CurlOptions options, std::unique_ptr<Handles> handles)
    : options_(std::move(options)), handles_(std::move(handles)) {}

CurlTransport::~CurlTransport() = default;

Result<HttpReply> CurlTransport::exchange(const HttpRequest& request, CancelToken& cancel) {
    if (steady_clock::now() >= request.deadline)
        return failure(ErrorCode::time_out, "time_out_deadline", {host_of(request.url)});
    const NoBrokenPipe quiet;
    CURL* const easy = handles_->easy;
    CURLM* const multi = handles_->multi;

    HeaderList headers;
    for (const auto& [name, value] : request.headers)
        headers.add(name + ": " + value);
    headers.add("Expect:");  // a round trip saved; our server judges the size by itself
    Arriving arriving;
    arriving.max_bytes = request.max_reply_bytes;
    Leaving leaving{.request = request, .arriving = arriving};
    curl_easy_reset(easy);
    set_up_request(easy, request, headers, leaving);
    set_up_times(easy, request, options_);
    set_up_line(easy, request, options_);
    set_up_arrival(easy, arriving);

    ProgressTeller progress(easy, request);
    if (curl_multi_add_handle(multi, easy) != CURLM_OK)
        return {ErrorCode::internal, "libcurl takes no request"};
    int code = CURLE_OK;
    {
        const auto wake = cancel.on_cancel([multi] { curl_multi_wakeup(multi); });
        code = run(multi, request.deadline, progress, cancel);
    }
    if (code == CURLE_OK && !arriving.head_complete) code = CURLE_PARTIAL_FILE;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    std::optional<Error> error;
    if (code != CURLE_OK) error = error_of(describe(easy, code, request, options_));
    curl_multi_remove_handle(multi, easy);
    if (error) return *std::move(error);
    arriving.reply.status = static_cast<int>(status);
    return std::move(arriving.reply);
}

}  // namespace satchel::client
