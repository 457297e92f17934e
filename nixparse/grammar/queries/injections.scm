; The language of a string's text, by the name of the attribute that it is given to, or by a comment before it:
;
;   buildPhase = ''…'';
;   text = /* python */ ''…'';
;
; The parts of a string around its interpolations are one text.

((comment) @injection.content
 (#set! injection.language "comment"))

; Shell: the phases and hooks of a build, the scripts of services, and what is set to shell by its name.

((binding
   attrpath: (attrpath
     attr: (identifier) @_name .)
   expression: (indented_string_expression
     (string_fragment) @injection.content))
 (#match? @_name "(^|[a-z])(Phase|Hook|Script)$|^(pre|post)[A-Z]|^(script|buildCommand|installCheck|shellInit|interactiveShellInit|loginShellInit|shellHook)$")
 (#set! injection.language "bash")
 (#set! injection.combined "true"))

((binding
   attrpath: (attrpath
     attr: (identifier) @_name .)
   expression: (apply_expression
     function: (_)
     argument: (indented_string_expression
       (string_fragment) @injection.content)))
 (#match? @_name "(^|[a-z])(Phase|Hook|Script)$|^(script|buildCommand|shellHook)$")
 (#set! injection.language "bash")
 (#set! injection.combined "true"))

((binding
   attrpath: (attrpath
     attr: (identifier) @_name .)
   expression: (binary_expression
     (indented_string_expression
       (string_fragment) @injection.content)))
 (#match? @_name "(^|[a-z])(Phase|Hook|Script)$|^(script|buildCommand|shellHook)$")
 (#set! injection.language "bash")
 (#set! injection.combined "true"))

; writeShellScript "name" ''…'' and its like; runCommand "name" { } ''…''.

((apply_expression
   function: (apply_expression
     function: [
       (variable_expression
         name: (identifier) @_function)
       (select_expression
         attrpath: (attrpath
           attr: (identifier) @_function .))
     ])
   argument: (indented_string_expression
     (string_fragment) @injection.content))
 (#match? @_function "^write(Shell|Bash|Dash)")
 (#set! injection.language "bash")
 (#set! injection.combined "true"))

((apply_expression
   function: (apply_expression
     function: (apply_expression
       function: [
         (variable_expression
           name: (identifier) @_function)
         (select_expression
           attrpath: (attrpath
             attr: (identifier) @_function .))
       ]))
   argument: (indented_string_expression
     (string_fragment) @injection.content))
 (#match? @_function "^runCommand")
 (#set! injection.language "bash")
 (#set! injection.combined "true"))

; A comment right before the string names its language.

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(bash|sh|shell)[ \\t]*([*]+/)?$")
 (#set! injection.language "bash")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(python|python3|py)[ \\t]*([*]+/)?$")
 (#set! injection.language "python")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(lua)[ \\t]*([*]+/)?$")
 (#set! injection.language "lua")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(rust)[ \\t]*([*]+/)?$")
 (#set! injection.language "rust")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(toml)[ \\t]*([*]+/)?$")
 (#set! injection.language "toml")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(json)[ \\t]*([*]+/)?$")
 (#set! injection.language "json")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(yaml|yml)[ \\t]*([*]+/)?$")
 (#set! injection.language "yaml")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(javascript|js)[ \\t]*([*]+/)?$")
 (#set! injection.language "javascript")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(css)[ \\t]*([*]+/)?$")
 (#set! injection.language "css")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(html)[ \\t]*([*]+/)?$")
 (#set! injection.language "html")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(fish)[ \\t]*([*]+/)?$")
 (#set! injection.language "fish")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(nix)[ \\t]*([*]+/)?$")
 (#set! injection.language "nix")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(vim|viml)[ \\t]*([*]+/)?$")
 (#set! injection.language "vim")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(ini)[ \\t]*([*]+/)?$")
 (#set! injection.language "ini")
 (#set! injection.combined "true"))

((comment) @_language
 .
 [
   (indented_string_expression
     (string_fragment) @injection.content)
   (string_expression
     (string_fragment) @injection.content)
 ]
 (#match? @_language "^(/[*]+|#)[ \\t]*(sql)[ \\t]*([*]+/)?$")
 (#set! injection.language "sql")
 (#set! injection.combined "true"))
