// SPDX-License-Identifier: MIT
package com.mobivate;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Map;

/** Finds libmobivate, once. */
final class LibraryLoader {
    private static final String DEFAULT_NAME = "libmobivate.so.1";

    private static MobivateLibrary loaded;

    private LibraryLoader() {}

    static synchronized MobivateLibrary load() {
        if (loaded == null) {
            loaded = load(System.getenv("MOBIVATE_LIBRARY"));
        }
        return loaded;
    }

    private static MobivateLibrary load(String named) {
        boolean byName = named != null && !named.isEmpty();
        String name = byName ? named : DEFAULT_NAME;
        String where =
                name + (byName ? " (from MOBIVATE_LIBRARY)" : " (in jna.library.path and on the loader's search path)");
        Map<String, Object> options = Map.of(Library.OPTION_STRING_ENCODING, "UTF-8");
        NativeLibrary file;
        try {
            file = NativeLibrary.getInstance(name, options);
        } catch (UnsatisfiedLinkError error) {
            throw failure("cannot load " + where + ": " + reason(error), error);
        }
        MobivateLibrary library = Native.load(name, MobivateLibrary.class, options);
        String found = null;
        try {
            // The version first: an older library lacks functions.
            int version = library.mbv_version_number();
            if (version < 10100 || version >= 20000) {
                found = library.mbv_version();
            } else {
                for (Method function : MobivateLibrary.class.getDeclaredMethods()) {
                    if (Modifier.isAbstract(function.getModifiers())) {
                        file.getFunction(function.getName());
                    }
                }
            }
        } catch (UnsatisfiedLinkError error) {
            throw failure(where + " is not libmobivate 1.x: " + reason(error), error);
        }
        if (found != null) {
            throw failure(where + ": found libmobivate " + found + "; this package needs >= 1.1.0, < 2", null);
        }
        return library;
    }

    private static UnsatisfiedLinkError failure(String what, Throwable cause) {
        UnsatisfiedLinkError error = new UnsatisfiedLinkError(
                what + "; install libmobivate 1.1 or a newer 1.x, or set MOBIVATE_LIBRARY to its file");
        error.initCause(cause);
        return error;
    }

    /** The dynamic loader's line of JNA's message. */
    private static String reason(Throwable error) {
        List<String> lines = error.getMessage().lines().toList();
        return lines.get(lines.size() > 1 ? 1 : 0);
    }
}
