// Standard output and standard error of a program: the one place where words leave it, and where
// it is noticed that they did not.
#pragma once
#include <string_view>

namespace aeromq::process {

/// Writes `text` to standard output, all of it, before it returns. False if that failed, or did
/// earlier: whoever reads has gone, or the disk is full. Once is for ever: a hole would lie.
bool put(std::string_view text);

/// The same to standard error, which may fail now and work the next time.
bool put_error(std::string_view text);

/// False once something for standard output was not written, by put() or by the C and C++ streams,
/// which are flushed here.
bool output_whole();

/// True once the reader of standard output is known to have gone; nothing is written to find out.
bool reader_gone();

/// From here on the exit code is decided by what was done and not by whether its words could be
/// written: an act was confirmed.
void settle_code();
bool is_code_settled();

}  // namespace aeromq::process
