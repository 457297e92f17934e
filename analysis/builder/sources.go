package builder

import (
	"path"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/cargonix/cargonix/analysis/cargo"
	"github.com/cargonix/cargonix/analysis/eval"
)

// source is what a folder says of its crates.
type source struct {
	manifest *cargo.Manifest
	lock     *cargo.Lock
	lockPath string
}

// sourceAt reads the manifest and lock of a folder.
func (m *model) sourceAt(dir string) *source {
	if s := m.reads[dir]; s != nil {
		return s
	}
	s := &source{}
	m.reads[dir] = s
	if data := m.read(path.Join(dir, "Cargo.toml")); data != nil {
		s.manifest, _ = cargo.ParseManifest(data)
	}
	s.lockPath = path.Join(dir, "Cargo.lock")
	s.lock = m.lockAt(s.lockPath)
	if s.lock == nil {
		s.lockPath = ""
	}
	return s
}

func (m *model) lockAt(name string) *cargo.Lock {
	if l := m.snap.LockAt(name); l != nil {
		return l.Lock
	}
	if data := m.read(name); data != nil {
		lock, _ := cargo.ParseLock(data)
		return lock
	}
	return nil
}

func (m *model) read(name string) []byte {
	f := m.snap.File(name)
	if f == nil {
		return nil
	}
	data, err := f.Data()
	if err != nil {
		return nil
	}
	return data
}

// rootOf is the source folder of a build; nil where it is none of the workspace.
func (m *model) rootOf(d *derivation) *eval.Path {
	for _, name := range []string{"root", "src"} {
		if name == "root" && d.builder != Naersk {
			continue
		}
		if v := m.given(d.args, name); v != nil {
			if p := m.pathOf(v); p != nil && p.Inside() {
				return p
			}
			return nil
		}
	}
	return nil
}

func (m *model) sourceOf(d *derivation) *source {
	if p := m.rootOf(d); p != nil {
		return m.sourceAt(p.Name)
	}
	return &source{}
}

// manifestName is the name that crane and naersk take from Cargo.toml; empty where it is not known.
func (m *model) manifestName(d *derivation) string {
	s := m.sourceOf(d)
	if s.manifest != nil && s.manifest.Package != nil && s.manifest.Package.Name != "" {
		return s.manifest.Package.Name
	}
	if s.manifest == nil && m.given(d.args, "src") == nil && m.given(d.args, "root") == nil {
		return ""
	}
	switch d.builder {
	case Crane:
		return "cargo-package"
	case Naersk:
		return "rust-workspace"
	}
	return ""
}

func (m *model) manifestVersion(d *derivation) string {
	s := m.sourceOf(d)
	if s.manifest == nil || s.manifest.Package == nil {
		return ""
	}
	if resolved := s.manifest.Resolve(s.manifest); resolved != nil && resolved.Package != nil {
		return resolved.Package.Version.Value
	}
	return ""
}

// membersOf are the local packages of a folder's lock.
func (m *model) membersOf(dir *eval.Path) []string {
	if dir == nil || !dir.Inside() {
		return nil
	}
	s := m.sourceAt(dir.Name)
	if s.lock == nil {
		return nil
	}
	var names []string
	for _, p := range s.lock.Local() {
		names = append(names, p.Name)
	}
	return names
}

// rootMember is the package of a folder's own manifest.
func (m *model) rootMember(dir *eval.Path) string {
	if dir == nil || !dir.Inside() {
		return ""
	}
	if s := m.sourceAt(dir.Name); s.manifest != nil && s.manifest.Package != nil {
		return s.manifest.Package.Name
	}
	return ""
}

// toolchainFile reads the channel and version of a rust-toolchain(.toml).
func (m *model) toolchainFile(name string) (channel, version string) {
	data := m.read(name)
	if data == nil {
		for _, file := range []string{"rust-toolchain.toml", "rust-toolchain"} {
			if data = m.read(path.Join(name, file)); data != nil {
				break
			}
		}
	}
	if data == nil {
		return "", ""
	}
	var file struct {
		Toolchain struct{ Channel string }
	}
	if err := toml.Unmarshal(data, &file); err != nil {
		// The old form is the channel alone.
		line := strings.TrimSpace(string(data))
		if strings.ContainsAny(line, " \n=[") {
			return "", ""
		}
		return splitChannel(line)
	}
	return splitChannel(file.Toolchain.Channel)
}

// splitChannel parts rustup's name of a channel: "nightly-2025-01-01", "1.85.0", "stable".
func splitChannel(s string) (channel, version string) {
	if s == "" {
		return "", ""
	}
	if s[0] >= '0' && s[0] <= '9' {
		return "stable", s
	}
	channel, version, _ = strings.Cut(s, "-")
	return channel, version
}
