// SPDX-License-Identifier: MIT

// Creates COUNT keys, one after the other. ./programs says what is in the environment.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"mobivate"
	"os"
	"strconv"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// A file reads without a buffer of its own.
func readPassword() []byte {
	file, err := os.Open(os.Getenv("MOBIVATE_PASSWORD_FILE"))
	check(err)
	defer file.Close()
	facts, err := file.Stat()
	check(err)
	password := make([]byte, facts.Size())
	_, err = io.ReadFull(file, password)
	check(err)
	return password
}

func pause(input *bufio.Reader, what string) {
	if os.Getenv("MOBIVATE_PROGRAM_PAUSE") == "1" {
		fmt.Println(what)
		_, _ = input.ReadString('\n')
	}
}

func main() {
	count, err := strconv.Atoi(os.Args[1])
	check(err)
	client, err := mobivate.New(mobivate.Options{
		BaseURL: os.Getenv("MOBIVATE_BASE_URL"), CAFile: os.Getenv("MOBIVATE_CA_FILE"), NoProxy: true,
	})
	check(err)
	username, password := os.Getenv("MOBIVATE_USERNAME"), readPassword()
	if os.Getenv("MOBIVATE_PROGRAM_TEXT") == "1" {
		text := string(password)
		for i := 0; i < count; i++ {
			key, err := client.CreateKeyString(context.Background(), username, text)
			check(err)
			if key.Text() == "" {
				panic("no key")
			}
		}
	} else {
		for i := 0; i < count; i++ {
			key, err := client.CreateKey(context.Background(), username, password)
			check(err)
			key.Wipe()
		}
		for i := range password {
			password[i] = 0
		}
	}
	fmt.Println("created", count)
	input := bufio.NewReader(os.Stdin)
	pause(input, "kept")
	client.Close()
	pause(input, "freed")
}
