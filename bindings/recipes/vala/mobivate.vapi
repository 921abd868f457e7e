// SPDX-License-Identifier: MIT
[CCode (cheader_filename = "mobivate.h")]
namespace Mobivate {
    [CCode (cname = "MBV_NUL_TERMINATED")]
    public const size_t NUL_TERMINATED;

    [CCode (cname = "int32_t", cprefix = "MBV_", has_type_id = false)]
    public enum Status {
        OK,
        ERR_INVALID_ARGUMENT,
        ERR_CREDENTIALS,
        ERR_RATE_LIMITED,
        ERR_REJECTED
    }

    [CCode (cname = "int32_t", cprefix = "MBV_KEY_", has_type_id = false)]
    public enum KeyState {
        UNCHANGED,
        REPLACED,
        UNKNOWN
    }

    [CCode (cname = "mbv_client", cprefix = "mbv_", free_function = "mbv_free")]
    [Compact]
    public class Client {
        [CCode (cname = "mbv_new")]
        public Client ();
        [CCode (cname = "mbv_set")]
        public Status set_option (string option, string value);
        public Status create_key (string username, size_t username_size,
                                  [CCode (array_length_type = "size_t")] uint8[] password,
                                  [CCode (array_length_type = "size_t")] uint8[] key, out size_t key_size = null);
        public Status get_key (string username, size_t username_size,
                               [CCode (array_length_type = "size_t")] uint8[] password,
                               [CCode (array_length_type = "size_t")] uint8[] key, out size_t key_size = null);
        public KeyState key_state ();
        public size_t error_message ([CCode (array_length_type = "size_t")] uint8[] buffer);
    }
}
