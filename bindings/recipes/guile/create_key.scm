;;; SPDX-License-Identifier: MIT
;;;
;;; create_key USERNAME PASSWORD_FILE: creates an API key and prints it; ends with the exit codes of mbv.
;;; A call blocks its thread alone: the collector stops threads by a signal, and does not wait for the call. It does
;;; not move a bytevector either, so C gets the bytes where they are.
(use-modules (ice-9 binary-ports) (rnrs bytevectors) (srfi srfi-1) (system foreign) (system foreign-library))

(define-syntax-rule (define-c result name argument ...)
  (define name (foreign-library-function "libmobivate.so.1" (symbol->string 'name)
                                         #:return-type result #:arg-types (list argument ...))))
(define-c '* mbv_new)
(define-c void mbv_free '*)
(define-c int32 mbv_set '* '* '*)
(define-c int32 mbv_create_key '* '* size_t '* size_t '* size_t '*)
(define-c int32 mbv_get_key '* '* size_t '* size_t '* size_t '*)
(define-c int32 mbv_key_state '*)
(define-c size_t mbv_error_message '* '* size_t)

(define (exit-code status key-state)
  (cond ((= status 0) 0)
        ((= status -1) 2)                       ; MBV_ERR_INVALID_ARGUMENT
        ((not (= key-state 0)) 5)               ; MBV_KEY_UNCHANGED
        ((memv status '(-10 -11 -12)) 3)        ; CREDENTIALS, RATE_LIMITED, REJECTED
        (else 4)))

(define (say . texts)
  (for-each (lambda (text) (display text (current-error-port))) texts)
  (newline (current-error-port))
  (force-output (current-error-port)))

(define (c-string text) (string->pointer text "UTF-8"))

(define (say-error client)                      ; says whether the old key still works, too
  (let ((buffer (make-bytevector 1024)))
    (mbv_error_message client (bytevector->pointer buffer) 1024)
    (say (pointer->string (bytevector->pointer buffer) -1 "UTF-8"))))

(define (read-bytes path)
  (let ((bytes (call-with-port (open-file path "rb0") get-bytevector-all)))
    (if (eof-object? bytes) (make-bytevector 0) bytes)))

(define (size-without-line-end bytes)
  (let* ((size (bytevector-length bytes))
         (ends-with? (lambda (byte size) (and (> size 0) (= byte (bytevector-u8-ref bytes (1- size)))))))
    (cond ((not (ends-with? 10 size)) size)
          ((ends-with? 13 (1- size)) (- size 2))
          (else (1- size)))))

(define (main username password)
  (define client (mbv_new))
  (define key (make-bytevector 4097))           ; has room for the longest key
  (define (call function)
    (function client (c-string username) (string-utf8-length username)
              (bytevector->pointer password) (size-without-line-end password)
              (bytevector->pointer key) (bytevector-length key) %null-pointer))
  (define (refused-option option)               ; the status, or #f
    (let* ((value (getenv (string-append "MOBIVATE_" (string-upcase option))))
           (status (if value (mbv_set client (c-string option) (c-string value)) 0)))
      (and (< status 0) status)))
  (define status (or (any refused-option '("base_url" "ca_file")) (call mbv_create_key)))
  (define code (exit-code status (mbv_key_state client)))
  (unless (= code 0) (say-error client))
  (when (= (mbv_key_state client) 2)            ; MBV_KEY_UNKNOWN: ask which key is valid, and revoke none
    (if (= (call mbv_get_key) 0) (set! code 0) (say-error client)))
  (bytevector-fill! password 0)                 ; a string could not be wiped
  (mbv_free client)
  (when (= code 0)
    (let ((key (pointer->string (bytevector->pointer key) -1 "UTF-8")))
      (catch #t
        (lambda () (display key) (newline) (force-output))
        (lambda _ (say "The new key could not be printed: " key) (primitive-_exit 6)))))
  (exit code))

(define (refuse . texts)
  (apply say texts)
  (exit 2))

(define arguments (cdr (command-line)))
(unless (= (length arguments) 2) (refuse "usage: create_key USERNAME PASSWORD_FILE"))
(main (first arguments)
      (catch 'system-error
        (lambda () (read-bytes (second arguments)))
        (lambda _ (refuse "The password cannot be read from " (second arguments) "."))))
