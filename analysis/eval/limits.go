package eval

// What the evaluator may spend. Each limit ends in an Unknown that names it, never in a failure.
const (
	// maxSteps bounds one request (a call from outside): about half a second. Flakes of the corpus need some ten thousand steps for all of
	// their outputs.
	maxSteps = 2_000_000

	// maxTotalSteps bounds an Evaluator, so that many requests that all run dry do not add up.
	maxTotalSteps = 8_000_000

	// maxDepth bounds how deep evaluations nest. Each level takes up to a kilobyte of the goroutine's stack; Nix itself gives up at
	// 10,000 calls, each of which is a few of our levels.
	maxDepth = 40_000

	// maxSpeculation bounds how many branches that may not be taken nest. A recursion that ends on an unknown condition would otherwise
	// go on until the steps run out.
	maxSpeculation = 20

	// maxAlternatives bounds a Choice: four independent conditions in one value. More is nothing that a check could reason about.
	maxAlternatives = 16

	// maxLayers bounds how many sets that are not known in full make up one by `//`. Those below the last so many become one.
	maxLayers = 64

	// maxString bounds a string in bytes: ten times the largest generated file that flakes read.
	maxString = 16 << 20

	// maxElements bounds a list or attribute set that a builtin makes out of a number.
	maxElements = 1 << 20

	// maxContext bounds how many values a string remembers; a devShell's hook has some ten.
	maxContext = 512

	// maxNesting bounds the nesting of data read from JSON and TOML, and how far a value is followed when it is printed or compared.
	maxNesting = 1_000

	// copyStep is how many elements are copied for the price of one step, and byteStep how many bytes are looked at.
	copyStep = 16
	byteStep = 1024
)
