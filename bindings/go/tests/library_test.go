// SPDX-License-Identifier: MIT

package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mobivate.example/go/mobivate"
)

const justANewClient = "MOBIVATE_TEST_NEW_CLIENT"

// The test program is also the one that TestLibrary starts with other libraries.
func TestMain(m *testing.M) {
	if os.Getenv(justANewClient) == "" {
		os.Exit(m.Run())
	}
	_, err := mobivate.New(mobivate.Options{})
	fmt.Println("New:", err)
}

func TestLibrary(t *testing.T) {
	broken := t.TempDir()
	if err := os.WriteFile(broken+"/libmobivate.so.1", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	stubs := os.Getenv("MOBIVATE_STUBS")
	for folder, expected := range map[string]string{
		filepath.Dir(os.Getenv("MOBIVATE_LIBRARY")): "New: <nil>",
		stubs + "/0.9.0": "New: mobivate: found libmobivate 0.9.0; this package needs >= 1.1.0, < 2",
		stubs + "/2.0.0": "New: mobivate: found libmobivate 2.0.0; this package needs >= 1.1.0, < 2",
		// Linked against 1.1, it does not start with 1.0. The loader's own words.
		stubs + "/1.0.0": stubs + "/1.0.0/libmobivate.so.1: version `MBV_1.1' not found",
		// Its mbv_new makes nothing.
		stubs + "/1.99.99": "New: There was no memory for a client.",
		broken:             broken + "/libmobivate.so.1: file too short", // the loader's own words
	} {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), "LD_LIBRARY_PATH="+folder, justANewClient+"=1")
		if said, _ := command.CombinedOutput(); !strings.Contains(string(said), expected) {
			t.Errorf("with the library of %s: %s", folder, said)
		}
	}
}

// The header of 1.0 told no version. What the compiler says is what a reader of its output sees.
func TestHeaderOf1_0(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"mobivate.h":  "typedef struct mbv_client mbv_client;\n",
		"mobivate.pc": "Name: mobivate\nDescription: -\nVersion: 1.0.0\nCflags: -I" + folder + "\n",
	} {
		if err := os.WriteFile(folder+"/"+name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// A flag that no other build has: Go's cache does not know what pkg-config says.
	command := exec.Command("go", "build", "-gcflags=-N", "mobivate.example/go/mobivate")
	command.Env = append(os.Environ(), "PKG_CONFIG_PATH="+folder)
	if said, err := command.CombinedOutput(); err == nil || !strings.Contains(string(said), "this package needs libmobivate >= 1.1.0, < 2") {
		t.Errorf("%v: %s", err, said)
	}
}
