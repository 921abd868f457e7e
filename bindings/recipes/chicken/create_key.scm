;; SPDX-License-Identifier: MIT
;; Creates an API key: create_key USERNAME PASSWORD_FILE

(import scheme (chicken base) (chicken condition) (chicken file posix) (chicken foreign) (chicken io) (chicken port)
        (chicken process-context))

(foreign-declare "#include <mobivate.h>")

(define-foreign-variable +invalid-argument+ int32 "MBV_ERR_INVALID_ARGUMENT")
(define-foreign-variable +credentials+ int32 "MBV_ERR_CREDENTIALS")
(define-foreign-variable +rate-limited+ int32 "MBV_ERR_RATE_LIMITED")
(define-foreign-variable +rejected+ int32 "MBV_ERR_REJECTED")
(define-foreign-variable +unchanged+ int32 "MBV_KEY_UNCHANGED")
(define-foreign-variable +unknown+ int32 "MBV_KEY_UNKNOWN")
(define +key-capacity+ 4097) ; the longest key there is, and its NUL

(define mbv-new (foreign-lambda c-pointer "mbv_new"))
(define mbv-set (foreign-lambda int32 "mbv_set" c-pointer (const c-string) (const c-string)))
;; A scheme-pointer is a string's own bytes: nothing is copied, and the collector waits. So do all threads of CHICKEN.
(define-syntax key-function
  (syntax-rules ()
    ((_ name)
     (foreign-lambda int32 name c-pointer (const scheme-pointer) size_t (const scheme-pointer) size_t
                     scheme-pointer size_t c-pointer))))
(define mbv-create-key (key-function "mbv_create_key"))
(define mbv-get-key (key-function "mbv_get_key"))
(define mbv-error-message (foreign-lambda size_t "mbv_error_message" (const c-pointer) scheme-pointer size_t))
(define mbv-key-state (foreign-lambda int32 "mbv_key_state" (const c-pointer)))
(define mbv-free (foreign-lambda void "mbv_free" c-pointer))

(define (complain . texts)
  (with-output-to-port (current-error-port) (lambda () (for-each display texts) (newline))))

(define (fail code . texts)
  (apply complain texts)
  (exit code))

(define (message client)
  (let* ((size (mbv-error-message client #f 0))
         (text (make-string (+ size 1))))
    (mbv-error-message client text (+ size 1))
    (substring text 0 size)))

(define (exit-code client status)
  (cond ((= status +invalid-argument+) 2)
        ((not (= (mbv-key-state client) +unchanged+)) 5)
        ((memv status (list +credentials+ +rate-limited+ +rejected+)) 3)
        (else 4)))

(define (configure client option variable)
  (let ((value (get-environment-variable variable)))
    (unless (or (not value) (zero? (mbv-set client option value)))
      (fail 2 (message client)))))

(define (without-line-end text)
  (define (ends-with? size character)
    (and (> size 0) (char=? character (string-ref text (- size 1)))))
  (let* ((size (string-length text))
         (line (if (ends-with? size #\newline) (- size 1) size)))
    (substring text 0 (if (and (< line size) (ends-with? line #\return)) (- line 1) line))))

;; Every step copies the string, and so does the collector: it cannot be wiped.
(define (password-of path)
  (handle-exceptions reason
    (fail 2 path " cannot be read: " (get-condition-property reason 'exn 'message))
    (without-line-end (call-with-input-file path (lambda (port) (read-string #f port)) #:binary))))

(define (create-key client username password key)
  (define (call function)
    (function client username (string-length username) password (string-length password) key +key-capacity+ #f))
  (let ((status (call mbv-create-key)))
    (unless (zero? status)
      (let ((code (exit-code client status)))
        (complain (message client))
        (unless (= (mbv-key-state client) +unknown+) (exit code))
        ;; Changes nothing, and says which key the account has.
        (unless (zero? (call mbv-get-key)) (fail code (message client)))))))

(define (line-of key)
  (let ((size (do ((size 0 (+ size 1))) ((char=? #\null (string-ref key size)) size))))
    (string-append (substring key 0 size) "\n")))

(define (main username file)
  (let ((client (mbv-new))
        (password (password-of file))
        (key (make-string +key-capacity+)))
    (configure client "base_url" "MOBIVATE_BASE_URL")
    (configure client "ca_file" "MOBIVATE_CA_FILE")
    (create-key client username password key)
    (mbv-free client)
    ;; Not by display: the standard port does not say when writing fails.
    (handle-exceptions reason
      (fail 6 "The key could not be printed: " (line-of key))
      (file-write fileno/stdout (line-of key)))))

(if (= 2 (length (command-line-arguments)))
    (apply main (command-line-arguments))
    (fail 2 "usage: create_key USERNAME PASSWORD_FILE"))
