// SPDX-License-Identifier: MIT
package com.mobivate;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Finds libmobivate, once. */
final class LibraryLoader {
    private static final String DEFAULT_NAME = Platform.isWindows() ? "mobivate.dll" : "libmobivate.so.1";

    private static final Map<String, Object> OPTIONS = Map.of(Library.OPTION_STRING_ENCODING, "UTF-8");

    private static MobivateLibrary loaded;

    private LibraryLoader() {}

    static synchronized MobivateLibrary load() {
        if (loaded == null) {
            loaded = load(System.getenv("MOBIVATE_LIBRARY"));
        }
        return loaded;
    }

    /** What MOBIVATE_LIBRARY names and nothing else, or else the one in the jar, or else the system's. */
    private static MobivateLibrary load(String named) {
        List<String> tried = new ArrayList<>();
        if (named != null && !named.isEmpty()) {
            return load(List.of(new Place(named, named + " (from MOBIVATE_LIBRARY)")), tried);
        }
        tried.add("MOBIVATE_LIBRARY: not set");
        List<Place> places = new ArrayList<>();
        // Where JNA has natives in jars; it has no order of its own in which they come before the system's.
        String resource = Platform.RESOURCE_PREFIX + "/" + DEFAULT_NAME;
        try {
            File file = Native.extractFromResourcePath("/" + resource, LibraryLoader.class.getClassLoader());
            places.add(new Place(file.getPath(), file + " (" + resource + " on the class path)"));
        } catch (IOException absent) {
            tried.add(resource + " on the class path: not there");
        }
        places.add(new Place(DEFAULT_NAME, DEFAULT_NAME + " (in jna.library.path and on the loader's search path)"));
        return load(places, tried);
    }

    private record Place(String name, String where) {}

    private static MobivateLibrary load(List<Place> places, List<String> tried) {
        UnsatisfiedLinkError cause = null;
        for (Place place : places) {
            NativeLibrary file;
            try {
                file = NativeLibrary.getInstance(place.name, OPTIONS);
            } catch (UnsatisfiedLinkError error) {
                tried.add(place.where + ": " + reason(error));
                cause = error;
                continue;
            }
            return check(file, place);
        }
        throw failure("cannot load libmobivate; tried " + String.join("; ", tried), cause);
    }

    private static MobivateLibrary check(NativeLibrary file, Place place) {
        String where = place.where;
        MobivateLibrary library = Native.load(place.name, MobivateLibrary.class, OPTIONS);
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
