// Grammar of the Nix expression language, up to Nix 2.26 (pipe operators included).
//
// It follows the language's definition: the Nix manual, and the behaviour of Nix's own parser where the manual is silent. Node names
// are those that editors' queries for Nix use.
//
// Two things shape it:
//
// - Every token whose reading depends on where it stands, or that the longest match decides (strings, paths, URIs, words, numbers,
//   comments), comes from src/scanner.c, which is Nix's lexer by hand. Only punctuation is left to the generated lexer.
// - Levels of expressions that would cost a hidden node around every value are written out as alternatives (`value`, `anyExpression`)
//   where they are used.
//
// What Nix rejects but is better read than rejected here (a path that ends with a slash, `a == b == c`, …) is accepted by the grammar and
// marked by the package's C code after the parse.

const PREC = {
  implication: 1,
  or: 2,
  and: 3,
  equality: 4,
  comparison: 5,
  update: 6,
  not: 7,
  sum: 8,
  product: 9,
  concat: 10,
  hasAttr: 11,
  negate: 12,
};

// What may be an argument or a list's element without parentheses.
const value = $ => choice(
  $._simple,
  $.select_expression,
  alias($._or_application, $.apply_expression),
);

// What closes a construct. In a text that ends too early the scanner can be asked to close what is open with tokens of no width, so that all that
// has been read keeps its place. The package takes them for missing.
const semicolon = $ => choice(';', alias($._end_semicolon, ';'));
const brace = $ => choice('}', alias($._end_brace, '}'));
const parenthesis = $ => choice(')', alias($._end_parenthesis, ')'));
const bracket = $ => choice(']', alias($._end_bracket, ']'));

const anyExpression = $ => choice(
  $.function_expression,
  $.assert_expression,
  $.with_expression,
  $.let_expression,
  $.if_expression,
  alias($._pipe_into, $.binary_expression),
  alias($._pipe_from, $.binary_expression),
  $._operation,
);

module.exports = grammar({
  name: 'nix',

  // The order is that of `enum token` in src/scanner.c.
  externals: $ => [
    $.comment,
    $.identifier,
    $._binding_start,
    $.integer_expression,
    $.float_expression,
    $.uri_expression,
    $.spath_expression,
    $._path_start,
    $._home_path_start,
    $._path_rest,
    $._path_interpolation_open,
    $._string_open,
    $._string_close,
    $._indented_string_open,
    $._indented_string_close,
    $.string_fragment,
    $.escape_sequence,
    $.dollar_escape,
    '{',
    '}',
    '${',
    'if',
    'then',
    'else',
    'assert',
    'with',
    'let',
    'in',
    'rec',
    'inherit',
    'or',
    $._end_semicolon,
    $._end_brace,
    $._end_parenthesis,
    $._end_bracket,
    $._end_in,
  ],

  extras: $ => [/[ \t\r\n]+/, $.comment],

  rules: {
    source_code: $ => optional(field('expression', $._expression)),

    _expression: anyExpression,

    function_expression: $ => seq(
      choice(
        field('universal', $.identifier),
        field('formals', $.formals),
        seq(field('formals', $.formals), '@', field('universal', $.identifier)),
        seq(field('universal', $.identifier), '@', field('formals', $.formals)),
      ),
      ':',
      field('body', anyExpression($)),
    ),

    formals: $ => seq(
      '{',
      repeat(seq(field('formal', $.formal), ',')),
      optional(choice(field('formal', $.formal), field('ellipses', $.ellipses))),
      '}',
    ),
    formal: $ => seq(
      field('name', $.identifier),
      optional(seq('?', field('default', $._expression))),
    ),
    ellipses: $ => '...',

    assert_expression: $ => seq(
      'assert', field('condition', $._expression), ';', field('body', $._expression),
    ),
    with_expression: $ => seq(
      'with', field('environment', $._expression), ';', field('body', $._expression),
    ),
    let_expression: $ => seq(
      'let', optional($.binding_set), choice(seq('in', field('body', $._expression)), alias($._end_in, 'in')),
    ),
    if_expression: $ => seq(
      'if', field('condition', $._expression),
      'then', field('consequence', $._expression),
      'else', field('alternative', $._expression),
    ),

    // The two pipes do not mix, and bind looser than every other operator.
    _pipe_into: $ => seq(
      field('left', choice(alias($._pipe_into, $.binary_expression), $._operation)),
      field('operator', '|>'),
      field('right', $._operation),
    ),
    _pipe_from: $ => seq(
      field('left', $._operation),
      field('operator', '<|'),
      field('right', choice(alias($._pipe_from, $.binary_expression), $._operation)),
    ),

    _operation: $ => choice(
      $.binary_expression,
      $.unary_expression,
      $.has_attr_expression,
      $.apply_expression,
      value($),
    ),

    // Equality and comparison do not associate in Nix: `a == b == c` is read from the left here and marked afterwards.
    binary_expression: $ => choice(...[
      ['->', prec.right, PREC.implication],
      ['||', prec.left, PREC.or],
      ['&&', prec.left, PREC.and],
      ['==', prec.left, PREC.equality],
      ['!=', prec.left, PREC.equality],
      ['<', prec.left, PREC.comparison],
      ['<=', prec.left, PREC.comparison],
      ['>', prec.left, PREC.comparison],
      ['>=', prec.left, PREC.comparison],
      ['//', prec.right, PREC.update],
      ['+', prec.left, PREC.sum],
      ['-', prec.left, PREC.sum],
      ['*', prec.left, PREC.product],
      ['/', prec.left, PREC.product],
      ['++', prec.right, PREC.concat],
    ].map(([operator, associate, level]) => associate(level, seq(
      field('left', $._operation),
      field('operator', operator),
      field('right', $._operation),
    )))),
    unary_expression: $ => choice(
      prec(PREC.not, seq(field('operator', '!'), field('argument', $._operation))),
      prec(PREC.negate, seq(field('operator', '-'), field('argument', $._operation))),
    ),
    has_attr_expression: $ => prec(PREC.hasAttr, seq(
      field('expression', $._operation),
      field('operator', '?'),
      field('attrpath', alias($._selected, $.attrpath)),
    )),

    apply_expression: $ => seq(
      field('function', choice($.apply_expression, value($))),
      field('argument', value($)),
    ),

    // `f or` applies f to a variable named `or`: a leniency of Nix for a function that once had this name.
    _or_application: $ => seq(
      field('function', $._simple),
      field('argument', alias($._or_variable, $.variable_expression)),
    ),
    _or_variable: $ => field('name', alias('or', $.identifier)),

    select_expression: $ => seq(
      field('expression', $._simple),
      '.',
      field('attrpath', alias($._selected, $.attrpath)),
      optional(seq('or', field('default', value($)))),
    ),

    _simple: $ => choice(
      $.variable_expression,
      $.integer_expression,
      $.float_expression,
      $.string_expression,
      $.indented_string_expression,
      $.path_expression,
      $.hpath_expression,
      $.spath_expression,
      $.uri_expression,
      $.parenthesized_expression,
      $.attrset_expression,
      $.rec_attrset_expression,
      $.let_attrset_expression,
      $.list_expression,
    ),

    variable_expression: $ => field('name', $.identifier),

    string_expression: $ => seq(
      alias($._string_open, '"'),
      repeat($._string_part),
      alias($._string_close, '"'),
    ),
    indented_string_expression: $ => seq(
      alias($._indented_string_open, "''"),
      repeat($._string_part),
      alias($._indented_string_close, "''"),
    ),
    _string_part: $ => choice(
      $.string_fragment,
      $.escape_sequence,
      $.dollar_escape,
      $.interpolation,
    ),
    interpolation: $ => seq('${', field('expression', anyExpression($)), brace($)),

    path_expression: $ => seq(alias($._path_start, $.path_fragment), repeat($._path_part)),
    hpath_expression: $ => seq(alias($._home_path_start, $.path_fragment), repeat($._path_part)),
    _path_part: $ => choice(
      alias($._path_rest, $.path_fragment),
      alias($._path_interpolation, $.interpolation),
    ),
    // Its opening is a token of its own: `./a ${b}` is no path with an interpolation.
    _path_interpolation: $ => seq(
      alias($._path_interpolation_open, '${'), field('expression', anyExpression($)), brace($),
    ),

    parenthesized_expression: $ => seq('(', field('expression', anyExpression($)), parenthesis($)),

    attrset_expression: $ => seq('{', optional($.binding_set), brace($)),
    rec_attrset_expression: $ => seq('rec', '{', optional($.binding_set), brace($)),
    let_attrset_expression: $ => seq('let', '{', optional($.binding_set), brace($)),

    binding_set: $ => repeat1(field('binding', choice($.binding, $.inherit, $.inherit_from))),
    // The value is needed; without, as while it is being typed, the binding is marked afterwards.
    binding: $ => seq(
      field('attrpath', $.attrpath), '=', optional(field('expression', anyExpression($))), semicolon($),
    ),
    inherit: $ => seq('inherit', optional(field('attrs', $.inherited_attrs)), semicolon($)),
    inherit_from: $ => seq(
      'inherit',
      '(', field('expression', anyExpression($)), parenthesis($),
      optional(field('attrs', $.inherited_attrs)),
      semicolon($),
    ),
    inherited_attrs: $ => repeat1(field('attr', $._attr)),

    attrpath: $ => seq(
      field('attr', $._bound_attr), repeat(seq('.', field('attr', $._bound_attr))),
    ),
    // An identifier that begins what looks like a binding has a token of its own. No expression takes it, so a semicolon that is missing before
    // it is noticed there and not when the equals sign comes.
    _bound_attr: $ => choice($._attr, alias($._binding_start, $.identifier)),
    _selected: $ => seq(field('attr', $._attr), repeat(seq('.', field('attr', $._attr)))),
    _attr: $ => choice(
      $.identifier,
      alias('or', $.identifier),
      $.string_expression,
      $.interpolation,
    ),

    list_expression: $ => seq('[', repeat(field('element', value($))), bracket($)),
  },
});
