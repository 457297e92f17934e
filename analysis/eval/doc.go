// Package eval is a lazy partial evaluator of Nix.
//
// It evaluates files of a workspace as Nix would, except that what comes from outside of it (the inputs of a flake, nixpkgs, the network)
// is not there. Such a value is an Opaque: it is known by how it was reached, and whatever is selected from it or made by calling it is a
// longer Opaque. Where a condition depends on one, both branches are kept (Choice); a list or an attribute set may be known in part; and what
// cannot be told at all is an Unknown, with the reason. What Nix would fail on is an Error. A value that is none of these is the one that Nix
// would compute, whatever the opaque ones turn out to be, provided that Nix computes any.
//
// Values know where they were written: the value of a literal has the range of the literal, however many functions it went through, and list
// elements (Item) and attributes (Attr) know in addition where they stand.
//
// The host gives the meaning of opaque values by Options: Select is asked when an attribute is selected from one, Apply when one is called.
// Both may return any Value, in particular an Opaque with attributes of its own, which is how derivations are made.
//
// An Evaluator is used by one goroutine at a time. Its work is bounded, see limits.go.
package eval
