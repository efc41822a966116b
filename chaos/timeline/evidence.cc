#include "chaos/timeline/evidence.h"

#include <fstream>

#include "chaos/history/history.h"
#include "chaos/timeline/timeline.h"

namespace aeromq::chaos {

void write_evidence(const History& history, const std::filesystem::path& folder) {
  write_history(history, folder / "history.jsonl");
  std::ofstream(folder / "timeline.html", std::ios::binary)
      << timeline_html(history, judge(history));
}

}  // namespace aeromq::chaos
