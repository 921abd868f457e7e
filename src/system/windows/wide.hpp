// SPDX-License-Identifier: MIT
// Text as Windows has it, UTF-16, and as the library has it, UTF-8.
#pragma once

#include <memory>
#include <new>
#include <string>
#include <string_view>

#include <windows.h>

namespace mobivate::system {

// Null where there is no memory for it.
using WideText = std::unique_ptr<wchar_t[]>;

inline WideText wide(std::string_view utf8) noexcept {
    const auto size = static_cast<int>(utf8.size());
    const int wide_size = size > 0 ? MultiByteToWideChar(CP_UTF8, 0, utf8.data(), size, nullptr, 0) : 0;
    WideText text(new (std::nothrow) wchar_t[static_cast<std::size_t>(wide_size) + 1]);
    if (text == nullptr) return nullptr;
    if (wide_size > 0) MultiByteToWideChar(CP_UTF8, 0, utf8.data(), size, text.get(), wide_size);
    text[static_cast<std::size_t>(wide_size)] = L'\0';
    return text;
}

// Throws std::bad_alloc.
inline std::string utf8(std::wstring_view wide) {
    const auto size = static_cast<int>(wide.size());
    const int utf8_size =
        size > 0 ? WideCharToMultiByte(CP_UTF8, 0, wide.data(), size, nullptr, 0, nullptr, nullptr) : 0;
    std::string text(static_cast<std::size_t>(utf8_size), '\0');
    if (utf8_size > 0)
        WideCharToMultiByte(CP_UTF8, 0, wide.data(), size, text.data(), utf8_size, nullptr, nullptr);
    return text;
}

}  // namespace mobivate::system
