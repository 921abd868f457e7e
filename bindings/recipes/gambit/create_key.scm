;; SPDX-License-Identifier: MIT
;; Creates an API key: create_key USERNAME PASSWORD_FILE

(c-declare "#include <mobivate.h>")

(define-macro (c-constant name)
  `((c-lambda () int32 ,(string-append "___return(" name ");"))))

(define invalid-argument (c-constant "MBV_ERR_INVALID_ARGUMENT"))
(define refusals
  (list (c-constant "MBV_ERR_CREDENTIALS") (c-constant "MBV_ERR_RATE_LIMITED") (c-constant "MBV_ERR_REJECTED")))
(define unchanged (c-constant "MBV_KEY_UNCHANGED"))
(define unknown (c-constant "MBV_KEY_UNKNOWN"))
(define key-capacity 4097) ; the longest key there is, and its NUL

(c-define-type client (pointer (type "mbv_client")))
(define mbv-new (c-lambda () client "mbv_new"))
(define mbv-set (c-lambda (client char-string UTF-8-string) int32 "mbv_set"))
(define mbv-key-state (c-lambda (client) int32 "mbv_key_state"))
(define mbv-free (c-lambda (client) void "mbv_free"))
;; The bytes of a u8vector are passed as they are. Nothing moves them: all threads of Gambit wait until a call has ended.
(define mbv-error-message
  (c-lambda (client scheme-object size_t) size_t
    "___return(mbv_error_message(___arg1, ___CAST(char*, ___BODY(___arg2)), ___arg3));"))
(define-macro (key-function name)
  `(c-lambda (client UTF-8-string scheme-object size_t scheme-object size_t) int32
     ,(string-append
       "___return(" name "(___arg1, ___arg2, MBV_NUL_TERMINATED, ___CAST(char*, ___BODY(___arg3)), ___arg4,"
       " ___CAST(char*, ___BODY(___arg5)), ___arg6, NULL));")))
(define mbv-create-key (key-function "mbv_create_key"))
(define mbv-get-key (key-function "mbv_get_key"))

(define (write-line bytes port)
  (write-subu8vector bytes 0 (u8vector-length bytes) port)
  (newline port)
  (force-output port))

(define (fail code . texts)
  (write-line (apply u8vector-append texts) (current-error-port))
  (exit code))

(define (utf8 text)
  (call-with-output-u8vector '(char-encoding: UTF-8) (lambda (port) (display text port))))

(define (message client)
  (let* ((size (mbv-error-message client (u8vector) 0)) ; with a capacity of 0, nothing is written
         (text (make-u8vector (+ size 1))))
    (mbv-error-message client text (+ size 1))
    (subu8vector text 0 size)))

(define (exit-code client status)
  (cond ((= status invalid-argument) 2)
        ((not (= (mbv-key-state client) unchanged)) 5)
        ((memv status refusals) 3)
        (else 4)))

(define (configure client option variable)
  (let ((value (getenv variable #f)))
    (if (not (or (not value) (zero? (mbv-set client option value))))
        (fail 2 (message client)))))

(define (without-line-end bytes)
  (define (ends-with? size byte)
    (and (> size 0) (= byte (u8vector-ref bytes (- size 1)))))
  (let* ((size (u8vector-length bytes))
         (line (if (ends-with? size 10) (- size 1) size)))
    (subu8vector bytes 0 (if (and (< line size) (ends-with? line 13)) (- line 1) line))))

;; A u8vector can be wiped; the port's buffer, and what the collector leaves behind, cannot.
(define (read-password path)
  (with-exception-catcher
   (lambda (reason) (fail 2 (utf8 path) (utf8 " cannot be read")))
   (lambda ()
     (without-line-end
      (call-with-input-file path
        (lambda (port)
          (let ((bytes (read-all port read-u8)))
            (list->u8vector bytes))))))))

(define (create-key client username password)
  (define key (make-u8vector key-capacity))
  (define (call function)
    (function client username password (u8vector-length password) key key-capacity))
  (let ((status (call mbv-create-key)))
    (if (not (zero? status))
        (let ((code (exit-code client status))
              (text (message client)))
          (if (not (= (mbv-key-state client) unknown)) (fail code text))
          (write-line text (current-error-port))
          ;; Changes nothing, and says which key the account has.
          (if (not (zero? (call mbv-get-key))) (fail code (message client)))))
    (subu8vector key 0 (let loop ((size 0)) (if (zero? (u8vector-ref key size)) size (loop (+ size 1)))))))

(define (main username file)
  (let ((password (read-password file))
        (client (mbv-new)))
    (configure client "base_url" "MOBIVATE_BASE_URL")
    (configure client "ca_file" "MOBIVATE_CA_FILE")
    (let ((key (create-key client username password)))
      (u8vector-fill! password 0)
      (mbv-free client)
      (with-exception-catcher
       (lambda (reason) (fail 6 (utf8 "The key could not be printed: ") key))
       (lambda () (write-line key (current-output-port)))))))

(if (= 3 (length (command-line)))
    (apply main (cdr (command-line)))
    (fail 2 (utf8 "usage: create_key USERNAME PASSWORD_FILE")))
