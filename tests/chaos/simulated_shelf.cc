// Gives a program that was written for register files a shelf of them in memory.
#include "chaos/simulation/memory_store.h"

namespace aeromq::chaos {
namespace {

struct OwnShelf {
  OwnShelf() { Shelf::current = &shelf; }
  ~OwnShelf() { Shelf::current = nullptr; }
  Shelf shelf;
};
const OwnShelf own_shelf;

}  // namespace
}  // namespace aeromq::chaos
