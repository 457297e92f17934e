; Captures have the names that Neovim, Helix, Zed and `tree-sitter highlight` know. Of two patterns for one node the later one is more specific.

(comment) @comment

; Literals

(integer_expression) @number
(float_expression) @number.float

[
  (string_expression)
  (indented_string_expression)
] @string

[
  (escape_sequence)
  (dollar_escape)
] @string.escape

[
  (path_fragment)
  (spath_expression)
] @string.special.path

(uri_expression) @string.special.url

(interpolation
  "${" @punctuation.special
  "}" @punctuation.special)

((variable_expression
   name: (identifier) @boolean)
 (#match? @boolean "^(true|false)$"))

((variable_expression
   name: (identifier) @constant.builtin)
 (#match? @constant.builtin "^(null|__curPos|__nixPath|__nixVersion|__storeDir|__langVersion|__currentSystem|__currentTime)$"))

; Names

((variable_expression
   name: (identifier) @variable)
 (#not-match? @variable "^(true|false|null|__.*|abort|baseNameOf|break|builtins|derivation|derivationStrict|dirOf|fetchGit|fetchMercurial|fetchTarball|fetchTree|fromTOML|import|isNull|map|placeholder|removeAttrs|scopedImport|throw|toString)$"))

((variable_expression
   name: (identifier) @module.builtin)
 (#eq? @module.builtin "builtins"))

((variable_expression
   name: (identifier) @function.builtin)
 (#match? @function.builtin "^(abort|baseNameOf|break|derivation|derivationStrict|dirOf|fetchGit|fetchMercurial|fetchTarball|fetchTree|fromTOML|import|isNull|map|placeholder|removeAttrs|scopedImport|throw|toString)$"))

(attrpath
  attr: (identifier) @variable.member)

(inherited_attrs
  attr: (identifier) @variable.member)

(formal
  name: (identifier) @variable.parameter)

(function_expression
  universal: (identifier) @variable.parameter)

(ellipses) @variable.parameter.builtin

; What is called, and what is bound to a function

(apply_expression
  function: (variable_expression
    name: (identifier) @function.call)
  (#not-match? @function.call "^(abort|baseNameOf|break|derivation|derivationStrict|dirOf|fetchGit|fetchMercurial|fetchTarball|fetchTree|fromTOML|import|isNull|map|placeholder|removeAttrs|scopedImport|throw|toString)$"))

(apply_expression
  function: (select_expression
    attrpath: (attrpath
      attr: (identifier) @function.call .)))

(binding
  attrpath: (attrpath
    attr: (identifier) @function .)
  expression: (function_expression))

; Words

[
  "let"
  "in"
  "rec"
  "with"
  "inherit"
  "assert"
] @keyword

[
  "if"
  "then"
  "else"
] @keyword.conditional

(select_expression
  "or" @keyword.operator)

; Operators and punctuation

(binary_expression
  operator: _ @operator)

(unary_expression
  operator: _ @operator)

(has_attr_expression
  operator: _ @operator)

(formal
  "?" @operator)

[
  "="
  "@"
] @operator

[
  "."
  ","
  ";"
  ":"
] @punctuation.delimiter

[
  "{"
  "}"
  "("
  ")"
  "["
  "]"
] @punctuation.bracket
