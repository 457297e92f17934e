{ pkgs ? import <nixpkgs> { } }:

(pkgs.callPackage ./crate2.nix { }).workspaceMembers.hail.build
