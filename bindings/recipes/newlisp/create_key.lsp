; SPDX-License-Identifier: MIT
; Creates an API key: newlisp create_key.lsp USERNAME PASSWORD_FILE

(constant 'KEY_CAPACITY 4097) ; the longest key there is, and its NUL
(constant 'INVALID_ARGUMENT -1 'REFUSALS '(-10 -11 -12)) ; CREDENTIALS, RATE_LIMITED, REJECTED
(constant 'UNCHANGED 0 'UNKNOWN 2)

(constant 'LIBRARY "libmobivate.so.1")
(import LIBRARY "mbv_new" "void*")
(import LIBRARY "mbv_set" "int" "void*" "char*" "char*")
(dolist (name '("mbv_create_key" "mbv_get_key")) ; a size_t is a "long"
  (import LIBRARY name "int" "void*" "char*" "long" "char*" "long" "void*" "long" "void*"))
(import LIBRARY "mbv_error_message" "long" "void*" "void*" "long")
(import LIBRARY "mbv_key_state" "int" "void*")
(import LIBRARY "mbv_free" "void" "void*")

(define (fail text code)
  (write 2 (append text "\n"))
  (exit code))

(define (message)
  (letn (size (mbv_error_message client 0 0) buffer (dup "\000" (+ size 1)))
    (mbv_error_message client buffer (+ size 1))
    (get-string buffer)))

(define (exit-code status)
  (cond
    ((= status INVALID_ARGUMENT) 2)
    ((!= (mbv_key_state client) UNCHANGED) 5)
    ((find status REFUSALS) 3)
    (true 4)))

(define (configure option value)
  (when (and value (!= 0 (mbv_set client option value)))
    (fail (message) 2)))

; newLISP copies a string wherever it goes, and wipes none: the password stays in memory until the process ends.
(define (call function)
  (function client username (length username) password (length password) key KEY_CAPACITY 0))

(unless (= 4 (length (main-args)))
  (fail "usage: newlisp create_key.lsp USERNAME PASSWORD_FILE" 2))
(set 'username (main-args 2) 'password (read-file (main-args 3)))
(unless password
  (fail (append (main-args 3) " cannot be read: " (last (sys-error))) 2))
(replace "\r?\n\\z" password "" 0)

(set 'client (mbv_new) 'key (dup "\000" KEY_CAPACITY))
(configure "base_url" (env "MOBIVATE_BASE_URL"))
(configure "ca_file" (env "MOBIVATE_CA_FILE"))

; There are no threads to go on beside it: newLISP waits until the call has ended.
(set 'status (call mbv_create_key))
(unless (= status 0)
  (set 'code (exit-code status))
  (write 2 (append (message) "\n"))
  (unless (= UNKNOWN (mbv_key_state client))
    (exit code))
  (unless (= 0 (call mbv_get_key)) ; changes nothing, and says which key the account has
    (fail (message) code)))
(mbv_free client)
(unless (write 1 (append (get-string key) "\n"))
  (fail (append "The key could not be printed: " (get-string key)) 6))
(exit 0)
