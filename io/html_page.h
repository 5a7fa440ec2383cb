#pragma once

#include <string>

namespace tarn::io {

/// Text as it stands in HTML and XML, between tags or in an attribute. Control characters, and
/// bytes that are not UTF-8, become U+FFFD.
std::string html_escape(const std::string& text);

/// A page that needs nothing but itself, readable on small screens, light or dark as its reader's
/// system is. `title` is text, `body` HTML; `style` is CSS on top of that of the page.
std::string html_page(const std::string& title, const std::string& body,
                      const std::string& style = "");

}  // namespace tarn::io
