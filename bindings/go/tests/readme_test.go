// SPDX-License-Identifier: MIT

package tests

import (
	"mobivate/tests/standin"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func block(t *testing.T, file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```go\n")
	code, _, _ := strings.Cut(rest, "```")
	return code
}

// The README's example is the one of examples/, and runs; only where the service is has to be told.
func TestReadme(t *testing.T) {
	code := block(t, "../README.md")
	example, err := os.ReadFile("../examples/create_key/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(example), code) || code == "" {
		t.Error("the README's example is not the one of examples/")
	}
	standin.Create("first.last@example.com", "your-pass", nil)
	run := func(code string) (string, error) {
		folder := t.TempDir()
		told := strings.Replace(code, "mobivate.Options{}", `mobivate.Options{BaseURL: "`+standin.Fact("https")+`", CAFile: "`+
			standin.Fact("ca_file")+`", NoProxy: true}`, 1)
		here, err := filepath.Abs("..")
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"main.go": told,
			"go.mod": "module first\n\ngo 1.19\n\nrequire mobivate v1.0.0\n\nreplace mobivate => " + here + "\n"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		command := exec.Command("go", "run", ".")
		command.Dir = folder
		said, err := command.CombinedOutput()
		return strings.TrimSpace(string(said)), err
	}
	said, err := run(code)
	if err != nil || said != standin.Await("first.last@example.com", 1).ValidKey {
		t.Error(said, err)
	}
	said, err = run(strings.Replace(code, "your-pass", "wrong-pass", 1))
	if err == nil || !strings.Contains(said, "The old key still works.") {
		t.Error(said, err)
	}
}

// A library that is too old, or too new, is told by one sentence.
func TestVersions(t *testing.T) {
	for version, number := range map[string]string{"0.9.0": "900", "2.0.0": "20000"} {
		folder := t.TempDir()
		stub := filepath.Join(folder, "libmobivate.so.1")
		source := filepath.Join(folder, "stub.c")
		var text strings.Builder
		for _, name := range []string{"new", "free", "set", "create_key", "error_message", "key_state", "http_status", "server_code",
			"server_message", "retry_after_ms", "cancel", "uncancel"} {
			text.WriteString("int mbv_" + name + "(void) { return 0; }\n")
		}
		text.WriteString("int mbv_version_number(void) { return " + number + "; }\n")
		text.WriteString("const char *mbv_version(void) { return \"" + version + "\"; }\n")
		if err := os.WriteFile(source, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		script := filepath.Join(folder, "stub.map")
		if err := os.WriteFile(script, []byte("MBV_1 { global: *; };\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		build := exec.Command("cc", "-shared", "-fPIC", "-Wl,-soname,libmobivate.so.1", "-Wl,--version-script="+script, "-o", stub, source)
		if said, err := build.CombinedOutput(); err != nil {
			t.Fatal(string(said), err)
		}
		program := exec.Command(os.Getenv("MOBIVATE_GO_PROGRAM"), "1")
		program.Env = append(os.Environ(), "LD_LIBRARY_PATH="+folder)
		said, err := program.CombinedOutput()
		if err == nil || !strings.Contains(string(said), "is version "+version+", and 1.0.0 or newer, and below 2, is needed") {
			t.Error(string(said), err)
		}
	}
}
