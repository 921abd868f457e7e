;;;; SPDX-License-Identifier: MIT
;;;;
;;;; create_key USERNAME PASSWORD_FILE: creates an API key and prints it; ends with the exit codes of mbv.
;;;; A call blocks its thread alone: the others run on, and garbage is collected.
(require :asdf)
(let ((*standard-output* *error-output*))       ; the first run compiles CFFI, and says so
  (asdf:load-system :cffi))
(defpackage :create-key (:use :common-lisp :cffi))
(in-package :create-key)

(define-foreign-library libmobivate (t "libmobivate.so.1"))
(use-foreign-library libmobivate)

(defcfun "mbv_new" :pointer)                    ; nothing frees a client but mbv_free
(defcfun "mbv_free" :void (client :pointer))
(defcfun "mbv_set" :int32 (client :pointer) (option :string) (value :string))
(defcfun "mbv_key_state" :int32 (client :pointer))
(defcfun "mbv_error_message" :size (client :pointer) (buffer :pointer) (capacity :size))
(macrolet ((define-call (name)
             `(defcfun ,name :int32 (client :pointer) (username :string) (username-size :size) (password :pointer)
                (password-size :size) (key :pointer) (key-capacity :size) (key-size :pointer))))
  (define-call "mbv_create_key")
  (define-call "mbv_get_key"))

(defconstant +nul-terminated+ (1- (expt 2 (* 8 (foreign-type-size :size)))))
(defconstant +key-unchanged+ 0)
(defconstant +key-unknown+ 2)

(defun exit-code (status key-state)
  (cond ((zerop status) 0)
        ((= status -1) 2)                       ; MBV_ERR_INVALID_ARGUMENT
        ((/= key-state +key-unchanged+) 5)
        ((member status '(-10 -11 -12)) 3)      ; CREDENTIALS, RATE_LIMITED, REJECTED
        (t 4)))

(defun say (control &rest arguments)
  (format *error-output* "~?~%" control arguments)
  (finish-output *error-output*))

(defun end (code) (sb-ext:exit :code code :abort t))

(defun say-error (client)                       ; says whether the old key still works, too
  (say "~a" (values (with-foreign-pointer-as-string ((buffer capacity) 1024 :encoding :utf-8)
                      (mbv-error-message client buffer capacity)))))

(defun read-bytes (path)
  "The file as bytes that C can read in place, and that can be wiped, as a string cannot be."
  (with-open-file (file (sb-ext:parse-native-namestring path) :element-type '(unsigned-byte 8))
    (let ((bytes (make-shareable-byte-vector (file-length file))))
      (read-sequence bytes file)
      bytes)))

(defun size-without-line-end (bytes)
  (let ((size (length bytes)))
    (flet ((ends-with-p (byte size) (and (plusp size) (= byte (aref bytes (1- size))))))
      (cond ((not (ends-with-p 10 size)) size)
            ((ends-with-p 13 (1- size)) (- size 2))
            (t (1- size))))))

(defun set-option (client option)
  (let ((value (sb-ext:posix-getenv (concatenate 'string "MOBIVATE_" (string-upcase option)))))
    (if value (mbv-set client option value) 0)))

(defun create-key (username bytes)
  "The exit code, and the key."
  (with-pointer-to-vector-data (password bytes)
    (with-foreign-pointer (key 4097 key-capacity) ; the longest key and a NUL, so that no mbv_take_key is needed
      (let* ((client (mbv-new)) (size (size-without-line-end bytes)) (code 0))
        (flet ((finish (status) (setf code (exit-code status (mbv-key-state client)))
                 (unless (zerop code) (say-error client)) (zerop code)))
          (and (finish (set-option client "base_url"))
               (finish (set-option client "ca_file"))
               (finish (mbv-create-key client username +nul-terminated+ password size key key-capacity (null-pointer)))))
        (when (= (mbv-key-state client) +key-unknown+) ; a new key was made, or none: ask which one is valid
          (if (zerop (mbv-get-key client username +nul-terminated+ password size key key-capacity (null-pointer)))
              (setf code 0)
              (say-error client)))
        (fill bytes 0)
        (mbv-free client)
        (values code (and (zerop code) (foreign-string-to-lisp key :encoding :utf-8)))))))

(let ((arguments (rest sb-ext:*posix-argv*)))
  (unless (= (length arguments) 2)
    (say "usage: create_key USERNAME PASSWORD_FILE")
    (end 2))
  (multiple-value-bind (code key)
      (create-key (first arguments)
                  (handler-case (read-bytes (second arguments))
                    (error (condition) (say "The password cannot be read: ~a" condition) (end 2))))
    (when key
      (handler-case (progn (write-line key) (finish-output))
        (error () (say "The new key could not be printed: ~a" key) (end 6))))
    (end code)))
