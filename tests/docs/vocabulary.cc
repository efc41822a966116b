#include "vocabulary.h"

#include "messages/audit_page.h"
#include "messages/catalogue.h"

namespace aeromq::docs {
namespace {

/// The unqualified name of T, cut out of what the compiler calls this function.
template <class T>
std::string type_name() {
  std::string_view text = __PRETTY_FUNCTION__;
  text.remove_prefix(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]"));
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos)
    text.remove_prefix(colon + 1);
  return std::string(text);
}

class Walk {
 public:
  explicit Walk(Vocabulary& found) : found_(found) {}

  template <class T>
  void add_struct() {
    const auto name = type_name<T>();
    if (found_.structs.contains(name)) return;
    found_.structs[name];
    std::vector<FieldRow> rows;
    const auto add = [&](const auto& field) {
      using Member = std::remove_cvref_t<decltype(std::declval<T>().*(field.member))>;
      const auto since = field.is_later() ? ", since minor " + std::to_string(field.since) : "";
      rows.push_back(
          {std::string(field.name), type_text<Member>() + since, max_text<Member>(field.max)});
    };
    std::apply([&](const auto&... field) { (add(field), ...); }, T::fields());
    found_.structs[name] = std::move(rows);
  }

  template <class T>
  void add_body(MessageType type) {
    add_struct<T>();
    found_.bodies[type] = type_name<T>();
  }

  template <class T>
  void add_body() {
    add_body<T>(T::kType);
  }

 private:
  template <class T>
  std::string type_text() {
    if constexpr (std::is_same_v<T, bool>) {
      return "bool";
    } else if constexpr (std::is_enum_v<T>) {
      const auto& names = EnumNames<T>::value;
      found_.enums[type_name<T>()] = {names.begin(), names.end()};
      return "word of " + type_name<T>();
    } else if constexpr (std::is_unsigned_v<T>) {
      static_assert(sizeof(T) == 8, "state the range of a narrower integer in the document");
      return "uint";
    } else if constexpr (std::is_same_v<T, std::string>) {
      return "text";
    } else if constexpr (std::is_same_v<T, Bytes>) {
      return "bin";
    } else if constexpr (detail::IsFixed<T>::value) {
      return "bin(" + std::to_string(T::kSize) + ")";
    } else if constexpr (std::is_same_v<T, SessionId>) {
      return "session id";
    } else if constexpr (std::is_same_v<T, RequestId>) {
      return "request id";
    } else if constexpr (detail::IsVector<T>::value) {
      return "list of " + type_text<typename T::value_type>();
    } else {
      add_struct<T>();
      return type_name<T>();
    }
  }

  template <class T>
  static std::string max_text(std::size_t max) {
    if constexpr (std::is_same_v<T, std::string>)
      return std::to_string(max == 0 ? kMaxText : max);
    else if constexpr (std::is_same_v<T, Bytes>)
      return std::to_string(max == 0 ? kMaxBytes : max);
    else if constexpr (detail::IsVector<T>::value)
      return std::to_string(max == 0 ? kMaxElements : max);
    else
      return "-";
  }

  Vocabulary& found_;
};

Vocabulary make() {
  Vocabulary found;
  Walk walk(found);
  using T = MessageType;
  walk.add_body<Hello>();
  walk.add_body<Welcome>();
  walk.add_body<HelloRefused>();
  walk.add_body<Ping>();
  walk.add_body<Pong>();
  walk.add_body<Goodbye>();
  walk.add_body<Renew>();
  walk.add_body<Renewed>();
  walk.add_body<StatusQuery>();
  walk.add_body<Status>();
  walk.add_body<Opened>();
  walk.add_body<Submit>();
  walk.add_body<Confirm>();
  walk.add_body<Abandon>();
  walk.add_body<AuditQuery>();
  walk.add_body<Observe>();
  walk.add_body<Survey>();
  walk.add_body<AuthorisedConfirm>();
  walk.add_body<AuditRead>();
  for (const auto type : {T::refused_by_gate, T::refused_by_dispatcher, T::refused_by_explainer,
                          T::refused_by_keeper, T::refused_by_reader})
    walk.add_body<Refused>(type);
  walk.add_body<Observed>();
  walk.add_body<Surveyed>();
  walk.add_body<Acted>();
  walk.add_body<Explained>();
  walk.add_body<Asked>();
  walk.add_body<Confirmed>();
  walk.add_body<Ended>();
  walk.add_body<AuditAnswer>();
  walk.add_body<ConfirmationAsked>();
  walk.add_body<Dispatch>();
  walk.add_body<RequestResult>();
  walk.add_body<ErrorAnswer>();
  walk.add_body<ErrorAnswer>(T::broker_error);
  walk.add_body<AuditResult>();
  walk.add_body<VoidConfirmation>();
  walk.add_body<Report>();
  walk.add_body<Reported>();
  walk.add_body<Probe>();
  // Encoded inside a bin field of a message, or on the feed.
  walk.add_struct<View>();
  walk.add_struct<Explanation>();
  walk.add_struct<KernelSnapshot>();
  walk.add_struct<AuditPage>();
  walk.add_struct<StageEvent>();
  return found;
}

}  // namespace

const Vocabulary& vocabulary() {
  static const Vocabulary made = make();
  return made;
}

std::string follows_text(const Route& route) {
  if (route.follows.empty()) return "-";
  std::string text = route.follows.has(MessageType::none) ? "opens a request" : "";
  for (const auto& other : route_table()) {
    if (!route.follows.has(other.type)) continue;
    if (!text.empty()) text += ", ";
    text += other.name;
  }
  return text;
}

}  // namespace aeromq::docs
