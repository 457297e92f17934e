[
  (attrset_expression)
  (rec_attrset_expression)
  (let_attrset_expression)
  (let_expression)
  (list_expression)
  (parenthesized_expression)
  (formals)
  (indented_string_expression)
  (comment)
] @fold
