// SPDX-License-Identifier: MIT
package com.mobivate;

/** What {@code java -jar} of the jar with everything inside does: says the versions, and so whether the library can be loaded here. */
final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        String version = Main.class.getPackage().getImplementationVersion();
        try {
            System.out.println("mobivate " + version + ", libmobivate " + LibraryLoader.load().mbv_version());
        } catch (UnsatisfiedLinkError error) {
            System.err.println(error.getMessage());
            System.exit(1);
        }
        System.out.println("This is a library: java -cp mobivate-" + version + "-all.jar CreateKey.java");
    }
}
