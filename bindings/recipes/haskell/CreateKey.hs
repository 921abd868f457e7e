{-# LANGUAGE CApiFFI #-}

-- SPDX-License-Identifier: MIT
-- Creates an API key: create_key USERNAME PASSWORD_FILE
module Main (main) where

import Control.Exception (IOException, bracket, displayException, try)
import Control.Monad (unless, when)
import Data.ByteString (ByteString)
import qualified Data.ByteString as ByteString
import qualified Data.ByteString.Char8 as Char8
import Data.ByteString.Unsafe (unsafeUseAsCStringLen)
import Data.Foldable (for_)
import Data.Int (Int32)
import Data.Maybe (fromMaybe)
import Foreign (Ptr, allocaBytes, nullPtr)
import Foreign.C (CSize (..), CString, withCString, withCStringLen)
import System.Environment (getArgs, lookupEnv)
import System.Exit (ExitCode (..), exitWith)
import System.IO (hFlush, stderr, stdout)

-- The type is the header's own; nothing here looks into it.
data Client

type KeyFunction = Ptr Client -> CString -> CSize -> CString -> CSize -> CString -> CSize -> Ptr CSize -> IO Int32

foreign import capi "mobivate.h mbv_new" mbvNew :: IO (Ptr Client)

foreign import capi "mobivate.h mbv_set" mbvSet :: Ptr Client -> CString -> CString -> IO Int32

-- safe: the other threads and the collector go on during a call (with -threaded).
foreign import capi safe "mobivate.h mbv_create_key" mbvCreateKey :: KeyFunction

foreign import capi safe "mobivate.h mbv_get_key" mbvGetKey :: KeyFunction

foreign import capi "mobivate.h mbv_error_message" mbvErrorMessage :: Ptr Client -> CString -> CSize -> IO CSize

foreign import capi "mobivate.h mbv_key_state" mbvKeyState :: Ptr Client -> IO Int32

foreign import capi "mobivate.h mbv_free" mbvFree :: Ptr Client -> IO ()

foreign import capi "mobivate.h value MBV_ERR_INVALID_ARGUMENT" invalidArgument :: Int32

foreign import capi "mobivate.h value MBV_ERR_CREDENTIALS" credentials :: Int32

foreign import capi "mobivate.h value MBV_ERR_RATE_LIMITED" rateLimited :: Int32

foreign import capi "mobivate.h value MBV_ERR_REJECTED" rejected :: Int32

foreign import capi "mobivate.h value MBV_KEY_UNCHANGED" unchanged :: Int32

foreign import capi "mobivate.h value MBV_KEY_UNKNOWN" unknown :: Int32

main :: IO ()
main = do
  arguments <- getArgs
  case arguments of
    [username, file] -> do
      contents <- try (ByteString.readFile file)
      password <- either unreadable (pure . withoutLineEnd) contents
      key <- bracket mbvNew mbvFree $ \client -> do
        configure client "base_url" "MOBIVATE_BASE_URL"
        configure client "ca_file" "MOBIVATE_CA_FILE"
        createKey client username password
      printed <- try (Char8.putStrLn key >> hFlush stdout)
      either (unprintable key) pure printed
    _ -> failWith 2 (Char8.pack "usage: create_key USERNAME PASSWORD_FILE")
  where
    unreadable :: IOException -> IO a
    unreadable reason = failWith 2 (Char8.pack (displayException reason))
    unprintable :: ByteString -> IOException -> IO ()
    unprintable key _ = failWith 6 (Char8.pack "The key could not be printed: " <> key)

failWith :: Int -> ByteString -> IO a
failWith code text = Char8.hPutStrLn stderr text >> exitWith (ExitFailure code)

withoutLineEnd :: ByteString -> ByteString
withoutLineEnd text = maybe text (dropEnd '\r') (ByteString.stripSuffix (Char8.pack "\n") text)
  where
    dropEnd end line = fromMaybe line (ByteString.stripSuffix (Char8.singleton end) line)

configure :: Ptr Client -> String -> String -> IO ()
configure client option variable = do
  setting <- lookupEnv variable
  for_ setting $ \value -> do
    status <- withCString option $ withCString value . mbvSet client
    when (status /= 0) $ message client >>= failWith 2

-- The bytes of a ByteString are pinned: they are passed without a copy. They are immutable, so never wiped.
createKey :: Ptr Client -> String -> ByteString -> IO ByteString
createKey client username password =
  withCStringLen username $ \(name, nameSize) ->
    unsafeUseAsCStringLen password $ \(secret, secretSize) ->
      allocaBytes capacity $ \key -> do
        let call function =
              function client name (fromIntegral nameSize) secret (fromIntegral secretSize) key (fromIntegral capacity) nullPtr
        status <- call mbvCreateKey
        unless (status == 0) $ do
          code <- exitCode client status
          text <- message client
          state <- mbvKeyState client
          when (state /= unknown) $ failWith code text
          Char8.hPutStrLn stderr text
          -- Changes nothing, and says which key the account has.
          asked <- call mbvGetKey
          when (asked /= 0) $ message client >>= failWith code
        ByteString.packCString key
  where
    capacity = 4097 -- the longest key there is, and its NUL

exitCode :: Ptr Client -> Int32 -> IO Int
exitCode client status = do
  state <- mbvKeyState client
  pure $ case () of
    _
      | status == invalidArgument -> 2
      | state /= unchanged -> 5
      | status `elem` [credentials, rateLimited, rejected] -> 3
      | otherwise -> 4

message :: Ptr Client -> IO ByteString
message client = do
  size <- mbvErrorMessage client nullPtr 0
  allocaBytes (fromIntegral size + 1) $ \text -> do
    _ <- mbvErrorMessage client text (size + 1)
    ByteString.packCString text
