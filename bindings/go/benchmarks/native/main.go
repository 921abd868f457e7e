// SPDX-License-Identifier: MIT

// The same with Go's own client.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	count, err := strconv.Atoi(os.Args[1])
	check(err)
	certificates, err := os.ReadFile(os.Getenv("MOBIVATE_CA_FILE"))
	check(err)
	password, err := os.ReadFile(os.Getenv("MOBIVATE_PASSWORD_FILE"))
	check(err)
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(certificates)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	body, err := json.Marshal(map[string]string{
		"username": os.Getenv("MOBIVATE_USERNAME"), "password": string(password),
	})
	check(err)
	for i := 0; i < count; i++ {
		answer, err := client.Post(os.Getenv("MOBIVATE_BASE_URL")+"/auth/createkey", "application/json",
			bytes.NewReader(body))
		check(err)
		var created struct {
			APIKey string `json:"apiKey"`
		}
		check(json.NewDecoder(answer.Body).Decode(&created))
		_, err = io.Copy(io.Discard, answer.Body)
		check(err)
		answer.Body.Close()
		if created.APIKey == "" {
			panic("no key")
		}
	}
	fmt.Println("created", count)
}
