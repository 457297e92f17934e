package cratechecksummismatch

import (
	"testing"

	"github.com/cargonix/cargonix/analysis/checks/internal/checktest"
)

func TestArchives(t *testing.T) { checktest.Run(t, Check) }
