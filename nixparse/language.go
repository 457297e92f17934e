package nixparse

import "unsafe"

// Language is the generated parser, a *TSLanguage in C, for programs that drive tree-sitter themselves.
func Language() unsafe.Pointer { return language() }
