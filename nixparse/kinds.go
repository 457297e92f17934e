package nixparse

// Kind is the kind of a node: its name in the grammar, or one of Error and Missing.
type Kind uint8

// The kinds of nodes. Their names in the grammar are the same words with underscores.
const (
	// KindNone is the kind of the zero Node.
	KindNone Kind = iota
	// SourceCode is the root of every tree and spans the whole text.
	SourceCode
	// Comment is a comment of either form, anywhere between tokens.
	Comment
	// Error holds what the parser had to leave out: text that is no Nix where it stands. Constructs that could be read inside are its
	// children.
	Error
	// Missing is a token that is not there: the parser went on as if it were. It has no width.
	Missing

	Identifier
	VariableExpression
	IntegerExpression
	FloatExpression
	StringExpression
	IndentedStringExpression
	StringFragment
	EscapeSequence
	// DollarEscape is a `$` that opens no interpolation: `$$` before a brace, or `''$` in an indented string.
	DollarEscape
	Interpolation
	PathExpression
	HpathExpression
	SpathExpression
	PathFragment
	URIExpression
	FunctionExpression
	FormalsNode // formals; the function Formals gives the node of a function
	FormalNode  // formal; the type Formal is what FormalsOf gives
	Ellipses
	AssertExpression
	WithExpression
	LetExpression
	IfExpression
	UnaryExpression
	BinaryExpression
	HasAttrExpression
	ApplyExpression
	SelectExpression
	AttrsetExpression
	RecAttrsetExpression
	LetAttrsetExpression
	ListExpression
	ParenthesizedExpression
	BindingSet
	BindingNode // binding; the type Binding is what Bindings yields
	Inherit
	InheritFrom
	InheritedAttrs
	Attrpath

	kindCount
)

var kindNames = [kindCount]string{
	SourceCode:               "source_code",
	Comment:                  "comment",
	Error:                    "ERROR",
	Missing:                  "MISSING",
	Identifier:               "identifier",
	VariableExpression:       "variable_expression",
	IntegerExpression:        "integer_expression",
	FloatExpression:          "float_expression",
	StringExpression:         "string_expression",
	IndentedStringExpression: "indented_string_expression",
	StringFragment:           "string_fragment",
	EscapeSequence:           "escape_sequence",
	DollarEscape:             "dollar_escape",
	Interpolation:            "interpolation",
	PathExpression:           "path_expression",
	HpathExpression:          "hpath_expression",
	SpathExpression:          "spath_expression",
	PathFragment:             "path_fragment",
	URIExpression:            "uri_expression",
	FunctionExpression:       "function_expression",
	FormalsNode:              "formals",
	FormalNode:               "formal",
	Ellipses:                 "ellipses",
	AssertExpression:         "assert_expression",
	WithExpression:           "with_expression",
	LetExpression:            "let_expression",
	IfExpression:             "if_expression",
	UnaryExpression:          "unary_expression",
	BinaryExpression:         "binary_expression",
	HasAttrExpression:        "has_attr_expression",
	ApplyExpression:          "apply_expression",
	SelectExpression:         "select_expression",
	AttrsetExpression:        "attrset_expression",
	RecAttrsetExpression:     "rec_attrset_expression",
	LetAttrsetExpression:     "let_attrset_expression",
	ListExpression:           "list_expression",
	ParenthesizedExpression:  "parenthesized_expression",
	BindingSet:               "binding_set",
	BindingNode:              "binding",
	Inherit:                  "inherit",
	InheritFrom:              "inherit_from",
	InheritedAttrs:           "inherited_attrs",
	Attrpath:                 "attrpath",
}

// String gives the name that the grammar has for the kind.
func (k Kind) String() string {
	if k < kindCount {
		return kindNames[k]
	}
	return ""
}

// Field is the role of a node in its parent.
type Field uint8

// The fields. Their names in the grammar are the words after Field, in lower case.
const (
	// FieldNone is the field of a node that has no particular role, like a comment.
	FieldNone Field = iota
	FieldAlternative
	FieldArgument
	FieldAttr
	FieldAttrpath
	FieldAttrs
	FieldBinding
	FieldBody
	FieldCondition
	FieldConsequence
	FieldDefault
	FieldElement
	FieldEllipses
	FieldEnvironment
	FieldExpression
	FieldFormal
	FieldFormals
	FieldFunction
	FieldLeft
	FieldName
	FieldRight
	FieldUniversal

	fieldCount
)

var fieldNames = [fieldCount]string{
	FieldAlternative: "alternative",
	FieldArgument:    "argument",
	FieldAttr:        "attr",
	FieldAttrpath:    "attrpath",
	FieldAttrs:       "attrs",
	FieldBinding:     "binding",
	FieldBody:        "body",
	FieldCondition:   "condition",
	FieldConsequence: "consequence",
	FieldDefault:     "default",
	FieldElement:     "element",
	FieldEllipses:    "ellipses",
	FieldEnvironment: "environment",
	FieldExpression:  "expression",
	FieldFormal:      "formal",
	FieldFormals:     "formals",
	FieldFunction:    "function",
	FieldLeft:        "left",
	FieldName:        "name",
	FieldRight:       "right",
	FieldUniversal:   "universal",
}

// String gives the name that the grammar has for the field.
func (f Field) String() string {
	if f < fieldCount {
		return fieldNames[f]
	}
	return ""
}
