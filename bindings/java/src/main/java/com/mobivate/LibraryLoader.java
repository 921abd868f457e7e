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
    private static final int OLDEST = 10000;
    private static final int TOO_NEW = 20000;

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
        String where = name
                + (byName
                        ? ", which MOBIVATE_LIBRARY names,"
                        : ", in jna.library.path and on the dynamic loader's search path,");
        Map<String, Object> options = Map.of(Library.OPTION_STRING_ENCODING, "UTF-8");
        NativeLibrary file;
        try {
            file = NativeLibrary.getInstance(name, options);
        } catch (UnsatisfiedLinkError error) {
            throw failure(where + " could not be loaded (" + reason(error) + ")", error);
        }
        MobivateLibrary library = Native.load(name, MobivateLibrary.class, options);
        try {
            for (Method function : MobivateLibrary.class.getDeclaredMethods()) {
                if (Modifier.isAbstract(function.getModifiers())) {
                    file.getFunction(function.getName());
                }
            }
        } catch (UnsatisfiedLinkError error) {
            throw failure(where + " is not libmobivate 1.x (" + reason(error) + ")", error);
        }
        int version = library.mbv_version_number();
        if (version < OLDEST || version >= TOO_NEW) {
            String found = library.mbv_version();
            String needed = ", and 1.0.0 or newer, and below 2, is needed";
            throw failure(where + " has version " + found + needed, null);
        }
        return library;
    }

    private static UnsatisfiedLinkError failure(String what, Throwable cause) {
        UnsatisfiedLinkError error = new UnsatisfiedLinkError(what
                + "; install libmobivate 1.x, or name its file in MOBIVATE_LIBRARY.");
        error.initCause(cause);
        return error;
    }

    /** The line of what JNA says that is the dynamic loader's. */
    private static String reason(Throwable error) {
        List<String> lines = error.getMessage().lines().toList();
        return lines.get(lines.size() > 1 ? 1 : 0);
    }
}
