# Installation, for find_package(tarn) and pkg-config, and packages by CPack: see packaging/README.md.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tarn)
get_target_property(kind tarn TYPE)
string(COMPARE EQUAL ${kind} SHARED_LIBRARY TARN_SHARED)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/tarnConfig.cmake.in ${PROJECT_BINARY_DIR}/tarnConfig.cmake
                              INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tarnConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tarnConfig.cmake ${PROJECT_BINARY_DIR}/tarnConfigVersion.cmake
        DESTINATION ${config_dir})
install(TARGETS tarn tarn_distributed tarn_torch EXPORT tarnTargets)
install(EXPORT tarnTargets NAMESPACE tarn:: DESTINATION ${config_dir})

cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
           BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig OUTPUT_VARIABLE TARN_PC_PREFIX)
if(TARN_SHARED)
  set(TARN_PC_PRIVATE Requires.private)
else()
  set(TARN_PC_PRIVATE Requires)
  set(TARN_PC_LIBS " ${OpenMP_CXX_FLAGS} -pthread")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/tarn.pc.in ${PROJECT_BINARY_DIR}/tarn.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/tarn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY compat/torch DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tarn/compat)
install(FILES tarn.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tarn)
foreach(module ${TARN_MODULES})
  # Kernels are internal; data/mnist and data/mnist-sample hold digits, not headers.
  install(DIRECTORY ${module} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tarn FILES_MATCHING PATTERN "*.h"
          PATTERN kernels EXCLUDE REGEX "/data/mnist(-sample)?$" EXCLUDE)
endforeach()

# --- Packages: cpack -G DEB, cpack --config CPackSourceConfig.cmake ---

set(CPACK_PACKAGE_NAME tarn)
set(CPACK_PACKAGE_CONTACT "The tarn developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGE_DESCRIPTION "Tensors, automatic differentiation, layers, optimizers and loaders, to write \
training loops as in PyTorch.")
set(CPACK_VERBATIM_VARIABLES ON)

set(CPACK_GENERATOR DEB)
set(CPACK_DEBIAN_PACKAGE_NAME libtarn-dev)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "g++ (>= 4:12) | clang (>= 1:14), zlib1g-dev")
if(TARN_SHARED)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
endif()
if(TARN_NATIVE)
  # On a processor without this one's instructions its programs would end with SIGILL.
  set(CPACK_PACKAGE_DESCRIPTION "${CPACK_PACKAGE_DESCRIPTION} Built for one machine's processor (TARN_NATIVE).")
  set(CPACK_DEBIAN_PACKAGE_NAME libtarn-native-dev)
endif()

set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_SOURCE_PACKAGE_FILE_NAME tarn-${PROJECT_VERSION})
set(CPACK_SOURCE_IGNORE_FILES "/[.]git/;/[.]git$;/build/;/data/mnist/;/runs/;/results/;/__pycache__/;/[.]cache/;/compile_commands[.]json$;/mistakes[.]png$")
include(CPack)
