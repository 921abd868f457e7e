// SPDX-License-Identifier: MIT

package mobivate

// The system's library. In the module that brings the library along, this is for the tag dynamic and for other platforms.

// #cgo pkg-config: mobivate
import "C"
