#lang racket/base
;; SPDX-License-Identifier: MIT
;; Creates an API key: racket create_key.rkt USERNAME PASSWORD_FILE
(require ffi/unsafe
         ffi/unsafe/alloc
         ffi/unsafe/define
         racket/file)

(define key-capacity 4097) ; the longest key there is, and its NUL
(define invalid-argument -1)
(define refusals '(-10 -11 -12)) ; CREDENTIALS, RATE_LIMITED, REJECTED
(define unchanged 0)
(define unknown 2)

(define-ffi-definer define-mobivate (ffi-lib "libmobivate" '("1")))
(define _client (_cpointer 'mbv_client))
;; Byte strings are passed as they are, and no collection moves them: all threads of Racket wait until the call has ended. With
;; #:blocking? #t places run on, and then every byte string has to be one of malloc's 'raw memory.
(define _key-function (_fun _client _bytes _size _bytes _size _bytes _size (_pointer = #f) -> _int32))
(define-mobivate mbv_free (_fun _client -> _void) #:wrap (deallocator))
(define-mobivate mbv_new (_fun -> _client) #:wrap (allocator mbv_free))
(define-mobivate mbv_set (_fun _client _string/utf-8 _string/utf-8 -> _int32))
(define-mobivate mbv_create_key _key-function)
(define-mobivate mbv_get_key _key-function)
(define-mobivate mbv_error_message (_fun _client _bytes _size -> _size))
(define-mobivate mbv_key_state (_fun _client -> _int32))

(define (say text)
  (write-bytes (bytes-append text #"\n") (current-error-port)))

(define (fail code text)
  (say text)
  (exit code))

(define (message client)
  (define size (mbv_error_message client #f 0))
  (define text (make-bytes (add1 size)))
  (mbv_error_message client text (add1 size))
  (subbytes text 0 size))

(define (exit-code client status)
  (cond
    [(= status invalid-argument) 2]
    [(not (= (mbv_key_state client) unchanged)) 5]
    [(memv status refusals) 3]
    [else 4]))

(define (configure client option variable)
  (define value (getenv variable))
  (unless (or (not value) (zero? (mbv_set client option value)))
    (fail 2 (message client))))

(define (read-password path)
  (with-handlers ([exn:fail:filesystem? (lambda (reason) (fail 2 (string->bytes/utf-8 (exn-message reason))))])
    (regexp-replace #rx#"\r?\n$" (file->bytes path) #"")))

(define (create-key client username password)
  (define key (make-bytes key-capacity))
  (define (call function)
    (function client username (bytes-length username) password (bytes-length password) key key-capacity))
  (define status (call mbv_create_key))
  (unless (zero? status)
    (define code (exit-code client status))
    (define text (message client))
    (unless (= (mbv_key_state client) unknown)
      (fail code text))
    (say text)
    ;; Changes nothing, and says which key the account has.
    (unless (zero? (call mbv_get_key))
      (fail code (message client))))
  (car (regexp-match #rx#"^[^\0]*" key)))

(define (main username path)
  (define password (read-password path))
  (define client (mbv_new))
  (configure client "base_url" "MOBIVATE_BASE_URL")
  (configure client "ca_file" "MOBIVATE_CA_FILE")
  (define key (create-key client (string->bytes/utf-8 username) password))
  ;; The collector may have copied it before: only this copy can be wiped.
  (bytes-fill! password 0)
  (mbv_free client)
  (with-handlers ([exn:fail? (lambda (reason) (fail 6 (bytes-append #"The key could not be printed: " key)))])
    (write-bytes (bytes-append key #"\n"))
    (flush-output)))

(if (= 2 (vector-length (current-command-line-arguments)))
    (apply main (vector->list (current-command-line-arguments)))
    (fail 2 #"usage: racket create_key.rkt USERNAME PASSWORD_FILE"))
