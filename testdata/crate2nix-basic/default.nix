{ pkgs ? import <nixpkgs> { } }:

let
  cargoNix = pkgs.callPackage ./Cargo.nix {
    defaultCrateOverrides = pkgs.defaultCrateOverrides // {
      relay = attrs: {
        RELAY_CHANNEL = "nix";
      };
    };
  };
in
{
  relay = cargoNix.workspaceMembers.relay.build;
  tests = cargoNix.workspaceMembers.relay.build.override { runTests = true; };
}
