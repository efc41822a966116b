#include "kernel/postgresql/sight/known_timeline.h"

namespace aeromq::postgresql {

std::uint32_t proven_timeline(const NodeSample& seen, const ServerWord& word,
                              const KnownTimeline& known) {
  if (!seen.in_recovery) return word.timeline;
  // Without a receiver it may replay a newer timeline from the archive, unseen.
  if (!seen.receiver || seen.receiver->status != "streaming") return 0;
  const auto received = seen.receiver->timeline;
  if (received == 1) return received;
  return known.run == word.run && known.timeline == received ? received : 0;
}

std::optional<std::vector<TimelineEnd>> known_ancestors(std::uint32_t timeline,
                                                        const ServerWord& word,
                                                        const KnownTimeline& known) {
  if (timeline <= 1) return std::vector<TimelineEnd>{};
  if (known.run == word.run && known.history_of == timeline) return known.ancestors;
  return std::nullopt;
}

}  // namespace aeromq::postgresql
