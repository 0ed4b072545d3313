#include "tests/soak/ledger.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace satchel::soak {
namespace {

using Json = nlohmann::json;

Json json_of(const Deed& deed) {
    Json json = {{"kind", static_cast<int>(deed.kind)},
                 {"collection", deed.collection},
                 {"record", deed.record.text()},
                 {"field", number(deed.field)}};
    if (!deed.value.empty()) json["value"] = deed.value;
    if (!deed.seen.empty()) json["seen"] = deed.seen;
    if (deed.step != 0) json["step"] = deed.step;
    return json;
}

Result<Deed> deed_of(const Json& json) {
    Deed deed;
    deed.kind = static_cast<DeedKind>(json.at("kind").get<int>());
    deed.collection = json.at("collection");
    SATCHEL_ASSIGN(deed.record, RecordId::parse(json.at("record").get<std::string>()));
    deed.field = FieldId{json.at("field").get<std::uint32_t>()};
    deed.value = json.value("value", "");
    deed.seen = json.value("seen", std::vector<std::string>());
    deed.step = json.value("step", std::int64_t{0});
    return deed;
}

Status take_line(const Json& line, std::vector<Attempt>& attempts) {
    if (line.contains("try")) {
        Attempt attempt;
        attempt.number = line["try"];
        for (const Json& each : line.at("deeds")) {
            SATCHEL_ASSIGN(Deed deed, deed_of(each));
            attempt.deeds.push_back(std::move(deed));
        }
        attempts.push_back(std::move(attempt));
        return {};
    }
    const bool done = line.contains("done");
    const std::uint64_t number = line.at(done ? "done" : "void");
    if (attempts.empty() || attempts.back().number != number)
        return {ErrorCode::corrupt, "the ledger ends an attempt that it did not begin"};
    attempts.back().outcome = done ? Outcome::done : Outcome::none;
    if (done) attempts.back().change = line.at("change");
    return {};
}

Error file_error(const std::string& what) {
    return {ErrorCode::io, what + " the ledger failed: " + std::strerror(errno)};
}

}  // namespace

std::string text_of(const std::vector<Value>& values) {
    std::string text;
    for (const Value& value : values)
        text += (text.empty() ? "" : " ") + value.text_form();
    return text;
}

Result<std::vector<Attempt>> read_ledger(const std::string& path) {
    std::ifstream in(path);
    std::vector<Attempt> attempts;
    for (std::string text; std::getline(in, text);) {
        const bool cut = in.eof();
        const Json line = Json::parse(text, nullptr, false);
        if (line.is_discarded() && (cut || text.empty())) continue;
        if (line.is_discarded()) return Error{ErrorCode::corrupt, "the ledger is damaged: " + path};
        SATCHEL_TRY(take_line(line, attempts));
    }
    return attempts;
}

Result<Ledger> Ledger::open(const std::string& path) {
    SATCHEL_ASSIGN(std::vector<Attempt> attempts, read_ledger(path));
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0) return file_error("opening");
    Ledger ledger(file, std::move(attempts));
    SATCHEL_TRY(ledger.append("\n"));  // ends a line that was cut off
    return ledger;
}

Ledger::Ledger(int file, std::vector<Attempt> attempts)
    : file_(file),
      attempts_(std::move(attempts)),
      next_(attempts_.empty() ? 1 : attempts_.back().number + 1) {}

Ledger::Ledger(Ledger&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      attempts_(std::move(other.attempts_)),
      next_(other.next_) {}

Ledger::~Ledger() {
    if (file_ >= 0) ::close(file_);
}

Status Ledger::append(const std::string& line) {
    const ssize_t written = ::write(file_, line.data(), line.size());
    if (written != static_cast<ssize_t>(line.size())) return file_error("writing");
    if (::fdatasync(file_) != 0) return file_error("keeping");
    return {};
}

Result<std::uint64_t> Ledger::attempt(const std::vector<Deed>& deeds) {
    Json line = {{"try", next_}, {"deeds", Json::array()}};
    for (const Deed& deed : deeds)
        line["deeds"].push_back(json_of(deed));
    SATCHEL_TRY(append(line.dump() + "\n"));
    return next_++;
}

Status Ledger::done(std::uint64_t number, const std::string& change) {
    return append(Json{{"done", number}, {"change", change}}.dump() + "\n");
}

Status Ledger::none(std::uint64_t number) {
    return append(Json{{"void", number}}.dump() + "\n");
}

}  // namespace satchel::soak
