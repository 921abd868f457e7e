;; SPDX-License-Identifier: MIT
;; Creates an API key: clojure -cp MOBIVATE:JNA create_key.clj USERNAME PASSWORD_FILE
(ns create-key
  (:import (com.mobivate ApiKey Client KeyState MobivateException Status)
           (java.io IOException)
           (java.nio.file Files Paths)
           (java.util Arrays)))

(set! *warn-on-reflection* true)

(defn say [text]
  (binding [*out* *err*] (println text)))

(defn fail [code text]
  (say text)
  (System/exit code))

(defn read-password
  "The file's bytes without one line end. They can be wiped, a string cannot."
  ^bytes [^String path]
  (let [bytes (Files/readAllBytes (Paths/get path (make-array String 0)))
        ends-with? (fn [size byte] (and (pos? size) (= byte (aget bytes (dec size)))))
        size (alength bytes)
        line (if (ends-with? size 10) (dec size) size)
        line (if (and (< line size) (ends-with? line 13)) (dec line) line)
        password (Arrays/copyOf bytes (int line))]
    (Arrays/fill bytes (byte 0))
    password))

(defn exit-code [^MobivateException error]
  (cond
    (= (.status error) Status/INVALID_ARGUMENT) 2
    (not= (.keyState error) KeyState/UNCHANGED) 5
    (#{Status/CREDENTIALS Status/RATE_LIMITED Status/REJECTED} (.status error)) 3
    :else 4))

(defn create-key
  "Blocks its thread: one of a future's is fine, one of core.async's go blocks is not."
  ^ApiKey [^Client client ^String username ^bytes password]
  (try
    (.createKey client username password)
    (catch MobivateException error
      (when-not (= (.keyState error) KeyState/UNKNOWN) (throw error))
      (say (.getMessage error))
      ;; Changes nothing, and says which key the account has.
      (try
        (.getKey client username password)
        (catch MobivateException reason
          (fail (exit-code error) (.getMessage reason)))))))

(defn configure [^Client client]
  (doseq [[option variable] {"base_url" "MOBIVATE_BASE_URL", "ca_file" "MOBIVATE_CA_FILE"}]
    (when-let [value (System/getenv variable)]
      (.setOption client option value))))

(defn -main [username file]
  (let [password (read-password file)]
    (with-open [client (doto (Client.) configure)
                key (create-key client username password)]
      (Arrays/fill password (byte 0))
      (.println System/out (.asString key))
      (when (.checkError System/out)
        (fail 6 (str "The key could not be printed: " (.asString key)))))))

(if (= 2 (count *command-line-args*))
  (try
    (apply -main *command-line-args*)
    (catch MobivateException error (fail (exit-code error) (.getMessage error)))
    (catch IllegalArgumentException error (fail 2 (.getMessage error)))
    (catch IOException error (fail 2 (str error))))
  (fail 2 "usage: clojure create_key.clj USERNAME PASSWORD_FILE"))
