;; SPDX-License-Identifier: MIT
;; Creates an API key: chezscheme --script create_key.ss USERNAME PASSWORD_FILE

(define key-capacity 4097) ; the longest key there is, and its NUL
(define invalid-argument -1)
(define refusals '(-10 -11 -12)) ; CREDENTIALS, RATE_LIMITED, REJECTED
(define unchanged 0)
(define unknown 2)

(load-shared-object "libmobivate.so.1")
(define mbv-new (foreign-procedure "mbv_new" () void*))
(define mbv-set (foreign-procedure "mbv_set" (void* string string) integer-32))
;; __collect_safe: other threads run on, and collect garbage, during the call. So what it gets must not move: see lock-object.
(define-syntax key-function
  (syntax-rules ()
    [(_ name) (foreign-procedure __collect_safe name (void* u8* size_t u8* size_t u8* size_t void*) integer-32)]))
(define mbv-create-key (key-function "mbv_create_key"))
(define mbv-get-key (key-function "mbv_get_key"))
(define mbv-error-message (foreign-procedure "mbv_error_message" (void* u8* size_t) size_t))
(define mbv-key-state (foreign-procedure "mbv_key_state" (void*) integer-32))
(define mbv-free (foreign-procedure "mbv_free" (void*) void))

(define (fail code . texts)
  (for-each (lambda (text) (display text (current-error-port))) texts)
  (newline (current-error-port))
  (exit code))

(define (bytevector-head bytes size)
  (let ([head (make-bytevector size)])
    (bytevector-copy! bytes 0 head 0 size)
    head))

(define (message client)
  (let* ([size (mbv-error-message client #f 0)] [text (make-bytevector (+ size 1))])
    (mbv-error-message client text (+ size 1))
    (utf8->string (bytevector-head text size))))

(define (exit-code client status)
  (cond
    [(= status invalid-argument) 2]
    [(not (= (mbv-key-state client) unchanged)) 5]
    [(memv status refusals) 3]
    [else 4]))

(define (configure client option variable)
  (let ([value (getenv variable)])
    (unless (or (not value) (zero? (mbv-set client option value)))
      (fail 2 (message client)))))

;; The password without one line end.
(define (password-of contents)
  (define (ends-with? size byte) (and (> size 0) (= byte (bytevector-u8-ref contents (- size 1)))))
  (let* ([size (bytevector-length contents)]
         [line (if (ends-with? size 10) (- size 1) size)])
    (bytevector-head contents (if (and (< line size) (ends-with? line 13)) (- line 1) line))))

(define (read-file path)
  (guard (reason [else (fail 2 path " cannot be read")])
    (let ([contents (call-with-port (open-file-input-port path) get-bytevector-all)])
      (if (eof-object? contents) (bytevector) contents))))

(define (create-key client username password key)
  (define (call function)
    (function client username (bytevector-length username) password (bytevector-length password) key key-capacity 0))
  (let ([status (call mbv-create-key)])
    (unless (zero? status)
      (let ([code (exit-code client status)])
        (display (message client) (current-error-port))
        (newline (current-error-port))
        (unless (= (mbv-key-state client) unknown) (exit code))
        ;; Changes nothing, and says which key the account has.
        (unless (zero? (call mbv-get-key)) (fail code (message client)))))))

(define (main username file)
  (let ([client (mbv-new)]
        [username (string->utf8 username)]
        [password (password-of (read-file file))]
        [key (make-bytevector key-capacity)])
    (configure client "base_url" "MOBIVATE_BASE_URL")
    (configure client "ca_file" "MOBIVATE_CA_FILE")
    (for-each lock-object (list username password key))
    (create-key client username password key)
    ;; A bytevector can be wiped; what was read from the file through a port's buffer cannot.
    (bytevector-fill! password 0)
    (let ([text (string-truncate! (utf8->string key) (do ([i 0 (+ i 1)]) [(zero? (bytevector-u8-ref key i)) i]))])
      (guard (reason [else (fail 6 "The key could not be printed: " text)])
        (display text)
        (newline)
        (flush-output-port)))
    (mbv-free client)
    (exit 0)))

(if (= 2 (length (command-line-arguments)))
    (apply main (command-line-arguments))
    (fail 2 "usage: chezscheme --script create_key.ss USERNAME PASSWORD_FILE"))
